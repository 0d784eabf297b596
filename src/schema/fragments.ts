import { type DocumentNode, type FragmentDefinitionNode, Kind } from 'graphql'

/** Fragments of a document by name. */
export type Fragments = Readonly<Record<string, FragmentDefinitionNode | undefined>>

/** The fragments of a document by name, in an object without prototype: a fragment may be called `constructor`. The same object each time. */
export function fragmentsOf(document: DocumentNode): Fragments {
  let fragments = known.get(document)
  if (fragments === undefined) {
    fragments = collect(document)
    known.set(document, fragments)
  }
  return fragments
}

const known = new WeakMap<DocumentNode, Fragments>()

function collect(document: DocumentNode): Fragments {
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null)
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition
  }
  return fragments
}
