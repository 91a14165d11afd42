import { describe, expect, it } from 'vitest'
import { readTokenFile } from './token-file.ts'

describe('readTokenFile', () => {
  it('reads tokens, users and groups', () => {
    const text = 't1,jane,7\nt2,joe,8,"a,b"\r\n\nt3,"o""neil",9,a,extra\n,nobody,1\nt1,later,10\n'
    expect([...readTokenFile(text, 'f')]).toEqual([
      ['t1', { name: 'later', uid: '10', groups: [] }],
      ['t2', { name: 'joe', uid: '8', groups: ['a', 'b'] }],
      ['t3', { name: 'o"neil', uid: '9', groups: ['a'] }],
    ])
  })

  it.each([
    ['t1,jane', "token file 'f' must have at least 3 columns (token, user name, user uid), found 2"],
    ['ok,a,1\nt1,"jane,7', "token file 'f': line 2 has a quote where none may be"],
    ['t1,ja"ne,7', "token file 'f': line 1 has a quote where none may be"],
  ])('%s is refused', (text, message) => {
    expect(() => readTokenFile(text, 'f')).toThrow(message)
  })
})
