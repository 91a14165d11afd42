import { describe, expect, it } from 'vitest'
import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import { secretConfigs } from './credentials.ts'
import { lookup, parseSchemeless, repositoryOf, urlsMatch } from './keyring.ts'

const secret = (auths: object): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {},
  data: { '.dockerconfigjson': btoa(JSON.stringify({ auths })) },
})
const usersFor = (image: string, ...secrets: Secret[]): string[] =>
  lookup(secretConfigs(secrets), repositoryOf(image)).map(
    ({ auth: { username, password } }) => `${username} ${password}`,
  )

describe('credentials', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx'],
    ['library/nginx:1', 'docker.io/library/nginx'],
    ['index.docker.io/nginx', 'docker.io/library/nginx'],
    ['localhost/nginx', 'localhost/nginx'],
    ['127.0.0.1:5000/a/b:1', '127.0.0.1:5000/a/b'],
    ['ghcr.io/a/b@sha256:1', 'ghcr.io/a/b'],
  ])('%s is of the repository %s', (image, repository) => {
    expect(repositoryOf(image)).toBe(repository)
  })

  // pkg/credentialprovider/keyring_test.go TestURLsMatch
  it.each([
    ['*.kubernetes.io', 'prefix.kubernetes.io', true],
    ['prefix.*.io', 'prefix.kubernetes.io', true],
    ['prefix.kubernetes.*', 'prefix.kubernetes.io', true],
    ['*-good.kubernetes.io', 'prefix-good.kubernetes.io', true],
    ['*.kubernetes.io/blah', 'prefix.kubernetes.io/blah', true],
    ['prefix.*.io/foo', 'prefix.kubernetes.io/foo/bar', true],
    ['*.kubernetes.io:1111/blah', 'prefix.kubernetes.io:1111/blah', true],
    ['prefix.*.io:1111/foo', 'prefix.kubernetes.io:1111/foo/bar', true],
    ['kubernetes.io', 'kubernetes.com', false],
    ['k*.io', 'quay.io', false],
    ['*.kubernetes.io', 'kubernetes.io', false],
    ['*kubernetes.io', 'a.kubernetes.io', false],
    ['*.*.kubernetes.io', 'prefix.kubernetes.io', false],
    ['*kubernetes.io', 'kubernetes.io', true],
    ['*.kubernetes.io:1111', 'prefix.kubernetes.io:1112', false],
    ['*.kubernetes.io', 'prefix.kubernetes.io:1111', false],
    ['kubernetes.io/nginx', 'kubernetes.io/coredns', false],
    ['k**s.io', 'kubernetes.io', true],
    ['kubernetes*.io', 'kubernetes.io', true],
    ['a*a*a*a*a*a*b.io', `${'a'.repeat(5000)}.io`, false],
  ])('for %s: %s is %s', (glob, target, matches) => {
    expect(urlsMatch(glob, target)).toBe(matches)
  })

  it.each([
    ['foo:bar', 'parse "https://foo:bar": invalid port ":bar" after host'],
    ['fo o', 'parse "https://fo o": invalid character " " in host name'],
    ['foo/%zz', 'parse "https://foo/%zz": invalid URL escape "%zz"'],
  ])('are for no %s', (text, message) => {
    expect(() => parseSchemeless(text)).toThrow(new Error(message))
  })

  it('are those for the image, most specific first', () => {
    const secrets = [
      secret({ 'ghcr.io': { username: 'all', password: 'p' }, 'https://ghcr.io/team': { auth: btoa('team:a:b') } }),
      secret({ 'other.io': { username: 'x' }, '*.other.io': { username: 'y', password: 'q' } }),
    ]
    expect(usersFor('ghcr.io/team/app:1', ...secrets)).toEqual(['team a:b', 'all p'])
    expect(usersFor('a.other.io/app', ...secrets)).toEqual(['y q'])
    expect(usersFor('a.b.other.io/app', ...secrets)).toEqual([])
  })

  it.each(['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'docker.io/library'])(
    "know Docker's own registry as %s",
    (name) => {
      expect(usersFor('nginx', secret({ [name]: { username: 'me', password: 'p' } }))).toEqual(['me p'])
    },
  )

  it('are none in a secret that cannot be read', () => {
    const texts = ['{', '{}', '{"auths":3}', '{"auths":{"a.io":null}}', '[]']
    const broken = texts.map((text): Secret => ({ ...secret({}), data: { '.dockerconfigjson': btoa(text) } }))
    expect(usersFor('nginx', ...broken)).toEqual([])
  })
})
