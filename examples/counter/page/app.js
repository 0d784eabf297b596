// Three callers, three panes. Each has a connection of its own and knows nothing of the others.
import { Pane } from './pane.js'

const CALLERS = [
  { login: null, id: 'anonymous', name: 'Anonymous', scopes: [] },
  { login: 'reader', id: 'reader', name: 'Reader', scopes: ['counter:read'] },
  { login: 'writer', id: 'writer', name: 'Writer', scopes: ['counter:read', 'counter:write'] },
]

const template = document.getElementById('pane')
const panes = document.getElementById('panes')

for (const caller of CALLERS) {
  const element = template.content.cloneNode(true).firstElementChild
  panes.append(element)
  new Pane(element, caller).connect()
}
