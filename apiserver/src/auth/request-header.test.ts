import { describe, expect, it } from 'vitest'
import { userFromHeaders, type RequestHeaderSettings } from './request-header.ts'

const settings: RequestHeaderSettings = {
  allowedNames: ['front-proxy-client'],
  usernameHeaders: ['X-Remote-User', 'X-Other-User'],
  uidHeaders: ['X-Remote-Uid'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
}

describe('userFromHeaders', () => {
  it.each<[string, string[], ReturnType<typeof userFromHeaders>]>([
    ['no user', ['X-Remote-Group', 'a'], undefined],
    ['an empty user', ['X-Remote-User', ''], undefined],
    ['a user', ['x-remote-user', 'jane'], { name: 'jane', groups: [], extra: {} }],
    ['the second header', ['X-Other-User', 'joe'], { name: 'joe', groups: [], extra: {} }],
    [
      'everything',
      [
        ...['X-Remote-User', 'jane', 'X-Remote-Uid', '7', 'X-Remote-Group', 'a,b', 'X-Remote-Group', 'c'],
        ...['X-Remote-Extra-Example.com%2FScope', 'one', 'X-Remote-Extra-example.com%2fscope', 'two'],
        ...['X-Remote-Extra-Bad%zz', 'three', 'Authorization', 'no'],
      ],
      {
        name: 'jane',
        uid: '7',
        groups: ['a,b', 'c'],
        extra: { 'example.com/scope': ['one', 'two'], 'bad%zz': ['three'] },
      },
    ],
  ])('%s', (_, rawHeaders, user) => {
    expect(userFromHeaders(settings, 'front-proxy-client', rawHeaders)).toEqual(user)
  })

  it('refuses a proxy that is not on the list, and takes any when there is none', () => {
    const headers = ['X-Remote-User', 'jane']
    expect(() => userFromHeaders(settings, 'someone', headers)).toThrow(
      'x509: subject with cn=someone is not in the allowed list',
    )
    expect(userFromHeaders({ ...settings, allowedNames: [] }, 'someone', headers)?.name).toBe('jane')
  })

  it('keeps keys that are names of object members', () => {
    const user = userFromHeaders(settings, 'front-proxy-client', [
      ...['X-Remote-User', 'jane', 'X-Remote-Extra-__proto__', 'x'],
    ])
    expect(Object.keys(user?.extra ?? {})).toEqual(['__proto__'])
  })
})
