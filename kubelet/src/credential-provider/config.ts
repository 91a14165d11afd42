// The file that says which credential providers there are. pkg/credentialprovider/plugin/config.go
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import {
  duplicate,
  errorText,
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '@kubets/shared/machinery/fieldpath.ts'
import { isQualifiedName } from '@kubets/shared/machinery/names.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import { objectIn } from '@kubets/shared/machinery/schema/body.ts'
import { decodeValue } from '@kubets/shared/machinery/schema/decode.ts'
import { parseGoDuration } from '@kubets/shared/machinery/schema/go-values.ts'
import { document, listOf, pointer, scalar, struct, type Entry } from '@kubets/shared/machinery/schema/struct.ts'
import { parseYaml } from '@kubets/shared/machinery/schema/yaml.ts'
import { parseSchemeless } from '../images/keyring.ts'

export interface TokenAttributes {
  serviceAccountTokenAudience?: string
  cacheType?: string
  requireServiceAccount?: boolean
  requiredServiceAccountAnnotationKeys?: string[]
  optionalServiceAccountAnnotationKeys?: string[]
}

/** A program that knows credentials. k8s.io/kubelet/config/v1/types.go CredentialProvider */
export interface CredentialProvider {
  name: string
  matchImages?: string[]
  defaultCacheDuration?: string
  apiVersion?: string
  args?: string[]
  env?: { name?: string; value?: string }[]
  tokenAttributes?: TokenAttributes
}

const group = 'kubelet.config.k8s.io'
const kind = 'CredentialProviderConfig'
const strings = listOf(scalar('string'))
const attributes = struct('v1.ServiceAccountTokenAttributes', {
  serviceAccountTokenAudience: scalar('string'),
  cacheType: scalar('string'),
  requireServiceAccount: pointer(scalar('bool')),
  requiredServiceAccountAnnotationKeys: strings,
  optionalServiceAccountAnnotationKeys: strings,
})

const configOf = (version: string) => {
  const provider: Record<string, Entry> = {
    name: scalar('string'),
    matchImages: strings,
    defaultCacheDuration: pointer(scalar('duration', 'v1.Duration')),
    apiVersion: scalar('string'),
    args: strings,
    env: listOf(struct(`${version}.ExecEnvVar`, { name: scalar('string'), value: scalar('string') })),
    ...(version === 'v1' && { tokenAttributes: pointer(attributes) }),
  }
  return document(`${version}.${kind}`, { providers: listOf(struct(`${version}.CredentialProvider`, provider)) })
}
const schemas = new Map(['v1', 'v1beta1', 'v1alpha1'].map((version) => [`${group}/${version}`, configOf(version)]))

/** The versions of what a provider is asked with, and answers with. */
export const apiVersions = ['v1', 'v1alpha1', 'v1beta1'].map(
  (version) => `credentialprovider.kubelet.k8s.io/${version}`,
)

/** The providers that a text says. Throws an Error that says what is wrong with it. */
export function decodeProviders(text: string): CredentialProvider[] {
  const { value, problems: found } = objectIn(parseYaml(text, true))
  const said = value as Record<string, unknown>
  const [version, of] = [said['apiVersion'], said['kind']].map((one) => (typeof one === 'string' ? one : ''))
  if (of === '') throw new Error(`Object 'Kind' is missing in '${text.trim()}'`)
  const schema = schemas.get(version ?? '')
  if (!schema) throw new Error(`no kind ${quote(of ?? '')} is registered for version ${quote(version ?? '')}`)
  if (of !== kind) throw new Error(`failed to decode ${quote(of ?? '')} (wrong Kind)`)
  const { object, problems } = decodeValue(schema, said, 'Strict', found)
  if (problems.length > 0) throw new Error(`strict decoding error: ${problems.join(', ')}`)
  return ((object['providers'] as Partial<CredentialProvider>[] | undefined) ?? []).map((one) => ({ name: '', ...one }))
}

/** Reads a file, or all *.json, *.yaml and *.yml of a folder. Rejects with what is wrong, and where. */
// readCredentialProviderConfig
export async function readProviders(file: string): Promise<CredentialProvider[]> {
  if (file === '') throw new Error('credential provider config path is empty')
  const reason = (error: unknown): string => (error as Error).message
  const at = await stat(file).catch((error: unknown) => {
    throw new Error(`unable to access path ${quote(file)}: ${reason(error)}`)
  })
  let files = [file]
  if (at.isDirectory()) {
    const entries = await readdir(file, { withFileTypes: true })
    const named = entries.filter((one) => !one.isDirectory() && /\.(json|yaml|yml)$/.test(one.name))
    files = named.map((one) => path.join(file, one.name)).toSorted()
    if (files.length === 0) throw new Error(`no configuration files found in directory ${quote(file)}`)
  }
  const all = new Map<string, CredentialProvider>()
  for (const one of files) {
    const text = await readFile(one, 'utf8').catch((error: unknown) => {
      throw new Error(`unable to read file ${quote(one)}: ${reason(error)}`)
    })
    let providers: CredentialProvider[]
    try {
      providers = decodeProviders(text)
    } catch (error) {
      throw new Error(`error decoding config ${quote(one)}: ${reason(error)}`)
    }
    for (const provider of providers) {
      const twice = `duplicate provider name ${quote(provider.name)} found in configuration file(s)`
      if (all.has(provider.name)) throw new Error(twice)
      all.set(provider.name, provider)
    }
  }
  return [...all.values()]
}

const providersPath = new FieldPath('providers')
const cacheTypes = ['ServiceAccount', 'Token']

/** What is wrong with the providers; empty when nothing is. */
// validateCredentialProviderConfig
export function providerProblems(providers: readonly CredentialProvider[]): string[] {
  const none = required(providersPath, 'at least 1 item in plugins is required')
  return (providers.length === 0 ? [none] : providers.flatMap(problemsOf)).map(errorText)
}

function problemsOf(provider: CredentialProvider): FieldError[] {
  const { name, apiVersion = '', matchImages = [], defaultCacheDuration, tokenAttributes } = provider
  const at = (field: string): FieldPath => providersPath.child(field)
  const errors: FieldError[] = []
  const badName = (why: string) => errors.push(invalid(at('name'), name, `provider name cannot ${why}`))
  if (name.includes('/')) badName("contain '/'")
  if (name.includes(' ')) badName('contain spaces')
  if (name === '.' || name === '..') badName(`be '${name}'`)
  if (apiVersion === '') errors.push(required(at('apiVersion')))
  else if (!apiVersions.includes(apiVersion)) errors.push(notSupported(at('apiVersion'), apiVersion, apiVersions))
  const noImages = 'at least 1 item in matchImages is required'
  if (matchImages.length === 0) errors.push(required(at('matchImages'), noImages))
  for (const image of matchImages) {
    try {
      parseSchemeless(image)
    } catch (error) {
      errors.push(invalid(at('matchImages'), image, `match image is invalid: ${(error as Error).message}`))
    }
  }
  if (defaultCacheDuration === undefined) errors.push(required(at('defaultCacheDuration')))
  else if (parseGoDuration(defaultCacheDuration) < 0n) {
    const least = 'defaultCacheDuration must be greater than or equal to 0'
    errors.push(invalid(at('defaultCacheDuration'), defaultCacheDuration, least))
  }
  return tokenAttributes ? [...errors, ...tokenProblems(tokenAttributes, apiVersion)] : errors
}

function tokenProblems(attributes: TokenAttributes, apiVersion: string): FieldError[] {
  const path = providersPath.child('tokenAttributes')
  const {
    serviceAccountTokenAudience = '',
    cacheType = '',
    requireServiceAccount,
    requiredServiceAccountAnnotationKeys: needed = [],
    optionalServiceAccountAnnotationKeys: optional = [],
  } = attributes
  const errors: FieldError[] = []
  if (serviceAccountTokenAudience === '') errors.push(required(path.child('serviceAccountTokenAudience')))
  if (requireServiceAccount === undefined) errors.push(required(path.child('requireServiceAccount')))
  const only = `tokenAttributes is only supported for ${apiVersions[0] ?? ''} API version`
  if (apiVersion !== apiVersions[0]) errors.push(forbidden(path, only))
  const neededPath = path.child('requiredServiceAccountAnnotationKeys')
  if (requireServiceAccount === false && needed.length > 0) {
    const why = 'requireServiceAccount cannot be false when requiredServiceAccountAnnotationKeys is set'
    errors.push(forbidden(neededPath, why))
  }
  errors.push(...annotationProblems(neededPath, needed))
  errors.push(...annotationProblems(path.child('optionalServiceAccountAnnotationKeys'), optional))
  const both = [...new Set(needed.filter((key) => optional.includes(key)))].toSorted()
  if (both.length > 0) errors.push(invalid(path, both, 'annotation keys cannot be both required and optional'))
  const why = `cacheType is required to be set when tokenAttributes is specified. Supported values are: ${cacheTypes.join(', ')}`
  if (cacheType === '') errors.push(required(path.child('cacheType'), why))
  else if (!cacheTypes.includes(cacheType)) errors.push(notSupported(path.child('cacheType'), cacheType, cacheTypes))
  return errors
}

function annotationProblems(path: FieldPath, keys: readonly string[]): FieldError[] {
  return keys.flatMap((key, i) => [
    ...isQualifiedName(key.toLowerCase()).map((problem) => invalid(path, key, problem)),
    ...(keys.indexOf(key) < i ? [duplicate(path, key)] : []),
  ])
}
