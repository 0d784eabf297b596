// GraphiQL in a frame: the server puts the chosen login's token into its headers, so that the schema can be read, too.

const NOTES = {
  anonymous: 'The schema is private as well: without a login there is no completion, and no documentation.',
  reader: 'The login lasts five minutes. Reload the page for a new one.',
  writer: 'The login lasts five minutes. Reload the page for a new one.',
}

const FIRST_QUERY = `# Run it, then choose another login.
{
  counter {
    value
    protectedValue
  }
}
`

const choice = document.getElementById('login')
const frame = document.getElementById('graphiql')

const show = () => {
  document.getElementById('note').textContent = NOTES[choice.value]
  // GraphiQL keeps what is edited in its own address, so that a query outlives the change of the login.
  const query = new URL(frame.contentWindow.location.href).searchParams.get('query') ?? FIRST_QUERY
  frame.src = `/graphql?${new URLSearchParams({ login: choice.value, query })}`
}
choice.addEventListener('change', show)
show()
