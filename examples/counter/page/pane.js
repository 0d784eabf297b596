// One caller on screen: listens to a session and shows what it tells.
import { showLifetime } from './lifetime.js'
import { explain, explainReason } from './refusals.js'
import { COORDINATES, Session } from './session.js'

const LOG_LENGTH = 6

export class Pane {
  #element
  #caller
  #session = null
  #stopLifetime = () => {}

  constructor(element, caller) {
    this.#element = element
    this.#caller = caller
    this.#fill()
    for (const radio of this.#radios()) radio.addEventListener('change', () => this.connect())
    this.#part('again').addEventListener('click', () => this.connect())
    this.#part('form').addEventListener('submit', (event) => this.#submit(event))
  }

  /** Drops the connection that there is and opens a new one, with a new login. */
  connect() {
    this.#session?.close()
    this.#forget()
    this.#session = new Session(this.#listener())
    const transport = [...this.#radios()].find((radio) => radio.checked).value
    this.#session.start({ login: this.#caller.login, lifetime: this.#part('lifetime').value, transport })
  }

  #listener() {
    return {
      connecting: () => this.#showState('connecting', 'Connecting…'),
      connected: ({ expiresAt }) => {
        this.#showState('connected', expiresAt === null ? 'Connected, not logged in' : 'Connected')
        if (expiresAt !== null) this.#stopLifetime = showLifetime(this.#part('bar'), this.#part('left'), expiresAt)
      },
      asked: (coordinate) => this.#mark(coordinate, 'waiting'),
      answer: (coordinate, result) => this.#showAnswer(coordinate, result),
      message: (text) => this.#log(text),
      ended: ({ code, reason }) => this.#showEnd(code, reason),
    }
  }

  #showAnswer(coordinate, { data, errors = [] }) {
    const [refusal] = errors.map(explain)
    if (refusal === undefined) {
      this.#mark(coordinate, 'allowed')
      if (coordinate === 'Mutation.setCounter') this.#notice(null)
    } else {
      this.#mark(coordinate, 'refused', refusal.reason ?? refusal.code)
      this.#notice(refusal)
    }
    if (data?.counter) this.#showCounter(data.counter)
    else if (coordinate === 'Query.counter') this.#part('protected').textContent = 'kept from this caller'
  }

  #showCounter({ value, protectedValue }) {
    this.#showValue(value)
    this.#part('protected').textContent = protectedValue
  }

  #showValue(value) {
    const shown = this.#part('value')
    if (shown.textContent === String(value)) return
    shown.textContent = value
    // Restarts the animation, which runs once for a class that is new on the element.
    shown.classList.remove('changed')
    void shown.offsetWidth
    shown.classList.add('changed')
  }

  #showEnd(code, reason) {
    this.#stopLifetime()
    this.#part('left').textContent = ''
    this.#part('bar').value = 0
    this.#showState('ended', `Connection ended${code === null ? '' : ` (${code})`}`)
    this.#notice({ code: String(code ?? 'OFFLINE'), reason, sentence: explainReason(reason) ?? 'The connection is gone. Connect again to go on.' })
  }

  #submit(event) {
    event.preventDefault()
    const { value } = event.target.elements
    // The server checks this too; asking the browser first saves the round trip.
    if (!value.reportValidity()) return
    this.#session.setCounter(value.valueAsNumber)
  }

  #showState(state, text) {
    this.#element.dataset.state = state
    this.#part('state').textContent = text
  }

  #mark(coordinate, outcome, text = outcome) {
    const shown = this.#part('answers').querySelector(`[data-coordinate="${coordinate}"] .outcome`)
    shown.className = `outcome ${outcome}`
    shown.textContent = text
  }

  /** Shows a refusal: what it means for people, and the codes that programs go by. */
  #notice(refusal) {
    const notice = this.#part('notice')
    notice.classList.toggle('refused', refusal !== null)
    if (refusal === null) return notice.replaceChildren('Nothing was refused.')
    const { code, reason, coordinate, sentence } = refusal
    const codes = document.createElement('code')
    codes.textContent = [coordinate, code, reason].filter(Boolean).join(' · ')
    const text = document.createElement('p')
    text.textContent = sentence
    notice.replaceChildren(text, codes)
  }

  #log(text) {
    const line = document.createElement('li')
    const time = document.createElement('time')
    time.textContent = new Date().toLocaleTimeString('en-GB')
    line.append(time, ` ${text}`)
    line.title = text
    this.#part('log').prepend(line)
    while (this.#part('log').childElementCount > LOG_LENGTH) this.#part('log').lastElementChild.remove()
  }

  /** What was seen with the last login is not the next one's to show. */
  #forget() {
    this.#stopLifetime()
    this.#part('left').textContent = ''
    this.#part('bar').value = 0
    this.#part('value').textContent = '–'
    this.#part('protected').textContent = ''
    this.#notice(null)
    this.#part('log').replaceChildren()
    this.#part('answers').replaceChildren(...COORDINATES.map(answerRow))
  }

  #fill() {
    const { id, name, login, scopes } = this.#caller
    this.#element.id = `pane-${id}`
    this.#element.dataset.testid = `pane-${id}`
    this.#element.dataset.caller = id
    this.#part('name').textContent = name
    this.#part('name').id = `name-${id}`
    this.#element.setAttribute('aria-labelledby', `name-${id}`)
    this.#part('scopes').replaceChildren(...(scopes.length === 0 ? ['no token'] : scopes).map(chip))
    this.#part('bar').classList.toggle('unused', login === null)
    // Radios of one name are one choice across the page: each pane needs a name of its own.
    for (const radio of this.#radios()) radio.name = `transport-${id}`
    if (login !== null) return
    this.#part('lifetime-field').hidden = true
    this.#part('again').textContent = 'Connect again'
  }

  #radios() {
    return this.#element.querySelectorAll('input[type=radio]')
  }

  #part(name) {
    return this.#element.querySelector(`[data-part=${name}]`)
  }
}

function chip(text) {
  const element = document.createElement('span')
  element.textContent = text
  return element
}

function answerRow(coordinate) {
  const row = document.createElement('li')
  row.dataset.coordinate = coordinate
  row.dataset.testid = `answer-${coordinate}`
  const name = document.createElement('code')
  name.textContent = coordinate
  const outcome = document.createElement('span')
  outcome.className = 'outcome'
  outcome.textContent = 'not asked'
  row.append(name, outcome)
  return row
}
