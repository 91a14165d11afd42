import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeProviders, providerProblems, readProviders, type CredentialProvider } from './config.ts'

const good: CredentialProvider = {
  name: 'a',
  apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
  matchImages: ['*.registry.io'],
  defaultCacheDuration: '1m0s',
}
const asks = { serviceAccountTokenAudience: 'a', requireServiceAccount: true, cacheType: 'Token' }
const versions =
  '"credentialprovider.kubelet.k8s.io/v1", "credentialprovider.kubelet.k8s.io/v1alpha1", "credentialprovider.kubelet.k8s.io/v1beta1"'
const head = 'kind: CredentialProviderConfig\napiVersion: kubelet.config.k8s.io/v1\n'

describe('the configuration of credential providers', () => {
  // pkg/credentialprovider/plugin/config_test.go Test_validateCredentialProviderConfig
  it.each<[Partial<CredentialProvider>, string[]]>([
    [{}, []],
    [{ name: 'a/b' }, [`providers.name: Invalid value: "a/b": provider name cannot contain '/'`]],
    [{ name: 'a b' }, [`providers.name: Invalid value: "a b": provider name cannot contain spaces`]],
    [{ name: '..' }, [`providers.name: Invalid value: "..": provider name cannot be '..'`]],
    [{ apiVersion: '' }, ['providers.apiVersion: Required value']],
    [{ apiVersion: 'v3' }, [`providers.apiVersion: Unsupported value: "v3": supported values: ${versions}`]],
    [{ matchImages: [] }, ['providers.matchImages: Required value: at least 1 item in matchImages is required']],
    [
      { matchImages: ['%invalid%'] },
      [
        'providers.matchImages: Invalid value: "%invalid%": match image is invalid: parse "https://%invalid%": invalid URL escape "%in"',
      ],
    ],
    [
      { defaultCacheDuration: '-1m' },
      ['providers.defaultCacheDuration: Invalid value: "-1m": defaultCacheDuration must be greater than or equal to 0'],
    ],
    [{ tokenAttributes: asks }, []],
    [
      { tokenAttributes: {}, apiVersion: 'credentialprovider.kubelet.k8s.io/v1beta1' },
      [
        'providers.tokenAttributes.serviceAccountTokenAudience: Required value',
        'providers.tokenAttributes.requireServiceAccount: Required value',
        'providers.tokenAttributes: Forbidden: tokenAttributes is only supported for credentialprovider.kubelet.k8s.io/v1 API version',
        'providers.tokenAttributes.cacheType: Required value: cacheType is required to be set when tokenAttributes is specified. Supported values are: ServiceAccount, Token',
      ],
    ],
    [
      { tokenAttributes: { ...asks, cacheType: 'x' } },
      ['providers.tokenAttributes.cacheType: Unsupported value: "x": supported values: "ServiceAccount", "Token"'],
    ],
    [
      { tokenAttributes: { ...asks, requireServiceAccount: false, requiredServiceAccountAnnotationKeys: ['a', 'a'] } },
      [
        'providers.tokenAttributes.requiredServiceAccountAnnotationKeys: Forbidden: requireServiceAccount cannot be false when requiredServiceAccountAnnotationKeys is set',
        'providers.tokenAttributes.requiredServiceAccountAnnotationKeys: Duplicate value: "a"',
      ],
    ],
    [
      {
        tokenAttributes: {
          ...asks,
          requiredServiceAccountAnnotationKeys: ['b', 'a'],
          optionalServiceAccountAnnotationKeys: ['a'],
        },
      },
      ['providers.tokenAttributes: Invalid value: ["a"]: annotation keys cannot be both required and optional'],
    ],
  ])('%j', (wrong, problems) => {
    expect(providerProblems([{ ...good, ...wrong }])).toEqual(problems)
  })

  it('names at least one', () => {
    expect(providerProblems([])).toEqual(['providers: Required value: at least 1 item in plugins is required'])
    const { defaultCacheDuration: _, ...without } = good
    expect(providerProblems([without])).toEqual(['providers.defaultCacheDuration: Required value'])
  })

  it.each([
    ['{}', "Object 'Kind' is missing in '{}'"],
    [
      'kind: CredentialProviderConfig\napiVersion: v1',
      'no kind "CredentialProviderConfig" is registered for version "v1"',
    ],
    [`${head}providers: [{nam: a}]`, 'strict decoding error: unknown field "providers[0].nam"'],
    [
      `kind: CredentialProviderConfig\napiVersion: kubelet.config.k8s.io/v1beta1\nproviders: [{tokenAttributes: {}}]`,
      'strict decoding error: unknown field "providers[0].tokenAttributes"',
    ],
  ])('is refused when nobody understands it: %j', (text, message) => {
    expect(() => decodeProviders(text)).toThrow(new Error(message))
  })

  it('is a file, or all of a folder', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'kubets-providers-'))
    const said = (name: string): string => `${head}providers: [{name: ${name}, env: [{name: A, value: b}]}]`
    const failure = (at: string): Promise<string> => readProviders(at).then(String, (error: Error) => error.message)
    try {
      expect(await failure(folder)).toBe(`no configuration files found in directory "${folder}"`)
      await writeFile(path.join(folder, 'b.yaml'), said('b'))
      await writeFile(path.join(folder, 'a.json'), said('a'))
      await writeFile(path.join(folder, 'c.txt'), said('c'))
      expect((await readProviders(folder)).map((one) => one.name)).toEqual(['a', 'b'])
      expect(await readProviders(path.join(folder, 'c.txt'))).toEqual([{ name: 'c', env: [{ name: 'A', value: 'b' }] }])
      await writeFile(path.join(folder, 'd.yml'), said('a'))
      expect(await failure(folder)).toBe('duplicate provider name "a" found in configuration file(s)')
      expect(await failure('')).toBe('credential provider config path is empty')
      expect(await failure(path.join(folder, 'x'))).toContain(`unable to access path "${folder}/x"`)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
