import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core'
import { CHROMIUM_ARGUMENTS, findBrowser } from './browser.js'
import { type RunningDemo, startDemo } from './demo.js'

const executablePath = findBrowser()
const inBrowser = executablePath === null ? describe.skip : describe

const TRANSPORTS = ['graphql-ws', 'socket-io'] as const

inBrowser('the counter in a browser', () => {
  let demo: RunningDemo
  let browser: Browser
  let context: BrowserContext
  let problems: string[]

  beforeAll(async () => {
    ;[demo, browser] = await Promise.all([startDemo(), chromium.launch({ executablePath: executablePath ?? '', args: CHROMIUM_ARGUMENTS })])
  })
  afterAll(async () => {
    await browser?.close()
    await demo?.stop()
  })
  beforeEach(async () => {
    context = await browser.newContext()
    context.setDefaultTimeout(20_000)
    problems = []
    context.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
    })
    context.on('weberror', (error) => problems.push(String(error.error())))
    context.on('request', (request) => {
      if (!request.url().startsWith(demo.url) && !/^(data|blob):/.test(request.url())) problems.push(`asked ${request.url()}`)
    })
  })
  afterEach(async () => {
    await context.close()
    expect(problems).toEqual([])
  })

  /** Opens the page with every pane on one transport, and waits until all of them have been answered. */
  async function open(transport: (typeof TRANSPORTS)[number]): Promise<Record<'anonymous' | 'reader' | 'writer', Locator>> {
    const page = await context.newPage()
    await page.goto(demo.url)
    const panes = { anonymous: pane(page, 'anonymous'), reader: pane(page, 'reader'), writer: pane(page, 'writer') }
    for (const each of Object.values(panes)) {
      await each.getByTestId(`transport-${transport}`).check()
      await shows(each.getByTestId('answer-Query.about'), 'allowed')
    }
    await shows(panes.anonymous.getByTestId('answer-Query.counter'), 'MISSING_TOKEN')
    await shows(panes.reader.getByTestId('protected'), 'reader says: 0')
    await shows(panes.writer.getByTestId('protected'), 'writer says: 0')
    return panes
  }

  describe.each(TRANSPORTS)('over %s', (transport) => {
    it('counts down from what the writer sets, and tells each subscriber in his own name', async () => {
      const { reader, writer } = await open(transport)
      const told = Promise.all([collect(reader.getByTestId('protected'), 'reader says: 0'), collect(writer.getByTestId('protected'), 'writer says: 0')])
      await set(writer, 3)
      expect(await told).toEqual([
        ['reader says: 3', 'reader says: 2', 'reader says: 1', 'reader says: 0'],
        ['writer says: 3', 'writer says: 2', 'writer says: 1', 'writer says: 0'],
      ])
      expect(await reader.getByTestId('value').textContent()).toBe('0')
      await shows(writer.getByTestId('answer-Mutation.setCounter'), 'allowed')
    })

    it('refuses the write of the reader, and says what is missing', async () => {
      const { reader, writer } = await open(transport)
      await set(reader, 5)
      await shows(reader.getByTestId('notice'), 'Mutation.setCounter · FORBIDDEN · INSUFFICIENT_SCOPE')
      await shows(reader.getByTestId('notice'), 'counter:write')
      await shows(reader.getByTestId('answer-Mutation.setCounter'), 'INSUFFICIENT_SCOPE')
      // The connection stays, and nothing was written: the writer's next number is the next that is seen.
      await shows(reader.getByTestId('connection-state'), 'Connected')
      const told = collect(reader.getByTestId('value'), '0')
      await set(writer, 1)
      expect(await told).toEqual(['1', '0'])
    })

    it('tells an anonymous caller why he gets nothing but what is public', async () => {
      const { anonymous, writer } = await open(transport)
      await shows(anonymous.getByTestId('connection-state'), 'Connected, not logged in')
      await shows(anonymous.getByTestId('answer-Query.counter'), 'MISSING_TOKEN')
      await shows(anonymous.getByTestId('answer-Subscription.counter'), 'MISSING_TOKEN')
      await set(anonymous, 5)
      await shows(anonymous.getByTestId('notice'), 'Mutation.setCounter · UNAUTHENTICATED · MISSING_TOKEN')
      await shows(anonymous.getByTestId('answer-Mutation.setCounter'), 'MISSING_TOKEN')
      const told = collect(writer.getByTestId('value'), '0')
      await set(writer, 1)
      expect(await told).toEqual(['1', '0'])
      expect(await anonymous.getByTestId('value').textContent()).toBe('–')
    })
  })

  it('ends a connection when its login expires, says why, delivers nothing more, and goes on after a new login', async () => {
    await Promise.all(
      TRANSPORTS.map(async (transport) => {
        const { reader } = await open(transport)
        await reader.getByTestId('login-lifetime').selectOption('short')
        await reader.getByTestId('login-again').click()
        await shows(reader.getByTestId('time-left'), /^(20|1\d) s left$/)
        await reader.getByTestId('connection-state').filter({ hasText: 'Connection ended (4403)' }).waitFor({ timeout: 30_000 })
        await shows(reader.getByTestId('notice'), '4403 · TOKEN_EXPIRED')
        await shows(reader.getByTestId('answer-Subscription.counter'), 'TOKEN_EXPIRED')
        const log = reader.getByTestId('log')
        const last = await log.locator('li').first().textContent()
        expect(last).toContain('closed 4403 TOKEN_EXPIRED')

        const { writer } = await open('graphql-ws')
        const told = collect(writer.getByTestId('value'), '0')
        await set(writer, 1)
        await told
        expect(await log.locator('li').first().textContent()).toBe(last)

        await reader.getByTestId('login-lifetime').selectOption('normal')
        await reader.getByTestId('login-again').click()
        await shows(reader.getByTestId('connection-state'), /^Connected$/)
        await shows(reader.getByTestId('time-left'), /^(5:00|4:5\d) left$/)
      }),
    )
  }, 90_000)

  it('runs a query in GraphiQL as the chosen login, and reads the schema as him', async () => {
    const page = await context.newPage()
    await page.goto(`${demo.url}/graphiql`)
    const graphiql = page.frameLocator('[data-testid=graphiql]')
    await graphiql.locator('.graphiql-execute-button').click()
    await shows(graphiql.locator('.result-window'), 'reader says: 0')
    await graphiql.getByLabel('Show Documentation Explorer').click()
    await shows(graphiql.locator('.graphiql-doc-explorer'), 'Query')

    await page.getByTestId('graphiql-login').selectOption('anonymous')
    await graphiql.getByText('nobody').waitFor()
    await graphiql.locator('.graphiql-execute-button').click()
    await shows(graphiql.locator('.result-window'), 'MISSING_TOKEN')
    // The browser reports every 401, and both the schema and the query are refused with one.
    problems = problems.filter((problem) => !problem.includes('401 (Unauthorized)'))
  }, 60_000)
})

function pane(page: Page, caller: string): Locator {
  return page.getByTestId(`pane-${caller}`)
}

async function set(caller: Locator, value: number): Promise<void> {
  await caller.getByTestId('input').fill(String(value))
  await caller.getByTestId('set').click()
}

/** Waits until an element shows a text. */
async function shows(element: Locator, text: string | RegExp): Promise<void> {
  await element.filter({ hasText: text }).waitFor()
}

/** Every text that an element shows from now on, until it shows the last one. */
function collect(element: Locator, last: string): Promise<string[]> {
  return element.evaluate(
    (watched, end) =>
      new Promise<string[]>((resolve) => {
        const texts: string[] = []
        const note = () => {
          texts.push(watched.textContent ?? '')
          if (texts.at(-1) === end) resolve(texts)
        }
        new MutationObserver(note).observe(watched, { childList: true, characterData: true, subtree: true })
      }),
    last,
  )
}
