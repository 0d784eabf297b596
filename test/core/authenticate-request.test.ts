import { describe, expect, it } from '@jest/globals'
import { authenticateRequest } from '../../src/core/authenticate-request.js'
import { engine, knows, verified } from './support.js'

const request = (token: string): Request => new Request('https://api.test/', { headers: { authorization: `Bearer ${token}` } })

describe('a request', () => {
  it('is judged once, however often it is asked about', async () => {
    const backend = knows({ good: verified() })
    const { auth } = engine([backend])
    const one = request('good')
    const answers = await Promise.all([authenticateRequest(auth, one), authenticateRequest(auth, one)])
    expect(answers[0]).toBe(answers[1])
    expect(await authenticateRequest(auth, one)).toBe(answers[0])
    expect(backend.asked).toEqual(['good'])
  })

  it('is judged anew by another server, and another request by the same', async () => {
    const backend = knows({ good: verified() })
    const one = request('good')
    const { auth } = engine([backend])
    await authenticateRequest(auth, one)
    await authenticateRequest(engine([backend]).auth, one)
    await authenticateRequest(auth, request('good'))
    expect(backend.asked).toHaveLength(3)
  })

  it('with a bad token is a refusal and no rejection', async () => {
    const { auth } = engine([knows({})])
    expect(await authenticateRequest(auth, request('bad'))).toMatchObject({ principal: null, refusal: { reason: 'INVALID_TOKEN' }, transport: 'http' })
  })
})
