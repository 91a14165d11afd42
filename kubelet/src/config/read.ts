import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { mergePatch } from '@kubets/shared/machinery/patch/merge-patch.ts'
import { objectIn } from '@kubets/shared/machinery/schema/body.ts'
import { decodeValue } from '@kubets/shared/machinery/schema/decode.ts'
import { parseYaml } from '@kubets/shared/machinery/schema/yaml.ts'
import { schema } from './fields.ts'
import { setAt, valueAt, type Configuration } from './values.ts'

const group = 'kubelet.config.k8s.io'
const version = `${group}/v1beta1`
const kind = 'KubeletConfiguration'
const scheme = '"pkg/runtime/scheme.go:110"'

// what may be relative to the file. pkg/kubelet/apis/config/helpers.go KubeletConfigurationPathRefs
const paths: readonly (readonly string[])[] = [
  ['staticPodPath'],
  ['authentication', 'x509', 'clientCAFile'],
  ['tlsCertFile'],
  ['tlsPrivateKeyFile'],
]

/**
 * A KubeletConfiguration as it is written, without defaults. It is strictly decoded, unless `warn` is there to be told of
 * fields that nobody knows.
 * @throws Error that says what is wrong with it
 */
// pkg/kubelet/kubeletconfig/util/codec/codec.go DecodeKubeletConfiguration
export function decodeConfig(text: string, warn?: (problem: string) => void): Configuration {
  const { value, problems: found } = objectIn(parseYaml(text, true))
  const document = value as Record<string, unknown>
  const said = (name: string): string => (typeof document[name] === 'string' ? document[name] : '')
  const decode = (reason: string): Error => new Error(`failed to decode: ${reason}`)
  if (said('kind') === '') throw decode(`Object 'Kind' is missing in '${text.trim()}'`)
  if (said('apiVersion') !== version || said('kind') !== kind) {
    const what = `${JSON.stringify(said('kind'))} is registered for version ${JSON.stringify(said('apiVersion'))}`
    throw decode(`no kind ${what} in scheme ${scheme}`)
  }
  let decoded: ReturnType<typeof decodeValue>
  try {
    decoded = decodeValue(schema, document, 'Strict', found)
  } catch (error) {
    throw decode((error as Error).message)
  }
  if (decoded.problems.length > 0) {
    const problem = `strict decoding error: ${decoded.problems.join(', ')}`
    if (!warn) throw decode(problem)
    warn(problem)
  }
  const { apiVersion: _, kind: __, ...config } = decoded.object as Configuration
  return config
}

/** Reads one file; what it names relatively is beside it. Rejects when it cannot be read or says what nobody understands. */
// pkg/kubelet/kubeletconfig/configfiles/configfiles.go Load
async function readConfigFile(file: string, warn?: (problem: string) => void): Promise<Configuration> {
  const quoted = JSON.stringify(file)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Error(`failed to read kubelet config file ${quoted}, error: ${(error as Error).message}`)
  })
  if (text === '') throw new Error(`kubelet config file ${quoted} was empty`)
  const config = decodeConfig(text, warn)
  for (const one of paths) {
    const given = valueAt(config, one)
    if (typeof given === 'string' && given !== '') setAt(config, one, path.resolve(path.dirname(file), given))
  }
  return config
}

/**
 * The configuration of a file and of a folder of drop-ins (`*.conf`, by name, each merged over those before it), with
 * defaults left out. Either may be undefined. Of the file's unknown fields `warn` is told, a drop-in has none. Rejects with
 * what is wrong, and where.
 */
// cmd/kubelet/app/server.go loadConfigFile, mergeKubeletConfigurations
export async function readConfig(
  file: string | undefined,
  folder: string | undefined,
  warn: (problem: string) => void,
): Promise<Configuration> {
  let config: Configuration = {}
  if (file !== undefined) {
    const absolute = path.resolve(file)
    config = await readConfigFile(absolute, warn).catch((error: unknown) => {
      const reason = `failed to load Kubelet config file ${absolute}, error ${(error as Error).message}`
      throw new Error(`failed to load kubelet config file, path: ${file}, error: ${reason}`)
    })
  }
  if (folder !== undefined) config = await withDropIns(config, path.resolve(folder))
  return config
}

async function withDropIns(base: Configuration, folder: string): Promise<Configuration> {
  const failed = (error: unknown): Error => {
    const reason = `failed to walk through kubelet dropin directory ${JSON.stringify(folder)}`
    return new Error(`failed to merge kubelet configs: ${reason}: ${(error as Error).message}`)
  }
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch((error: unknown) => {
    throw failed(error)
  })
  const files = entries.filter((one) => !one.isDirectory() && one.name.endsWith('.conf'))
  // folder by folder and name by name, as filepath.WalkDir goes
  const parts = (file: string): string[] => path.relative(folder, file).split(path.sep)
  let config = base
  for (const file of files
    .map((one) => path.join(one.parentPath, one.name))
    .sort((a, b) => order(parts(a), parts(b)))) {
    const dropIn = await readConfigFile(file).catch((error: unknown) => {
      throw failed(new Error(`failed to load kubelet dropin file, path: ${file}, error: ${(error as Error).message}`))
    })
    config = mergePatch(config, dropIn)
  }
  return config
}

function order(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((part, i) => part !== b[i])
  const [one = '', other = ''] = [a[at], b[at]]
  return one < other ? -1 : one > other ? 1 : 0
}
