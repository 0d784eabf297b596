// One server in a process of its own: `node child.mjs <file> <name>`. Is told by its parent who issues tokens, answers with its URL, and from
// then on says how much CPU time it has used whenever it is asked. Ends with its parent.

const [file, name] = process.argv.slice(2)
const { servers } = await import(`./${file}.mjs`)

process.once('disconnect', () => process.exit())
process.once('message', async (issued) => {
  const made = await servers[name](issued)
  const url = typeof made === 'string' ? made : await listen(made)
  process.on('message', () => process.send(process.cpuUsage()))
  process.send({ url })
})

function listen(server) {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}/graphql`))
  })
}
