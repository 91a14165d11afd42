// One question to a credential provider: the program is run, asked on its standard input, and answers on its output.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'
import { decodeValue } from '@kubets/shared/machinery/schema/decode.ts'
import { parseJson } from '@kubets/shared/machinery/schema/json.ts'
import { objectIn } from '@kubets/shared/machinery/schema/body.ts'
import { document, mapOf, pointer, scalar, struct } from '@kubets/shared/machinery/schema/struct.ts'
import type { CredentialProvider } from './config.ts'

const limitMs = 60_000
const outputLimit = 1 << 20

/** What a provider is asked. k8s.io/kubelet/pkg/apis/credentialprovider/v1/types.go CredentialProviderRequest */
export interface Question {
  image: string
  serviceAccountToken?: string
  serviceAccountAnnotations?: Readonly<Record<string, string>>
}

/** What it answers. types.go CredentialProviderResponse */
export interface Answer {
  cacheKeyType: string
  cacheDuration?: string
  auth?: Record<string, { username?: string; password?: string }>
}

const responseKind = 'CredentialProviderResponse'
const response = document(`v1.${responseKind}`, {
  cacheKeyType: scalar('string'),
  cacheDuration: pointer(scalar('duration', 'v1.Duration')),
  auth: mapOf(struct('v1.AuthConfig', { username: scalar('string'), password: scalar('string') })),
})

/**
 * What a provider's program, which is in `folder`, says to a question.
 * @throws Error when it cannot be run, fails, or does not end within a minute
 */
// pkg/credentialprovider/plugin/plugin.go execPlugin.ExecPlugin
export async function ask(
  provider: CredentialProvider,
  folder: string,
  question: Question,
  signal: AbortSignal,
): Promise<string> {
  const request = { kind: 'CredentialProviderRequest', apiVersion: provider.apiVersion, ...question }
  return run(provider, folder, `${JSON.stringify(request)}\n`, signal).catch((error: unknown) => {
    const what = `error execing credential provider plugin ${provider.name} for image ${question.image}`
    throw new Error(`${what}: ${(error as Error).message}`)
  })
}

/** The answer in a program's output. Throws an Error, which says nothing of what may be secret. */
export function decodeAnswer(text: string, apiVersion: string): Answer {
  let parsed: ReturnType<typeof parseJson>
  try {
    parsed = objectIn(parseJson(text, true))
  } catch (error) {
    const why = `couldn't get version/kind; json parse error: ${(error as Error).message}`
    throw new Error(`error reading GVK from response: ${why}`)
  }
  const said = isObject(parsed.value) ? parsed.value : {}
  const actual = typeof said['apiVersion'] === 'string' ? said['apiVersion'] : ''
  if (actual !== apiVersion) {
    const versions = `expected apiVersion:${apiVersion}, actual apiVersion:${actual}`
    throw new Error(`apiVersion from credential plugin response did not match ${versions}`)
  }
  const unreadable = new Error('error decoding credential provider plugin response from stdout')
  if (said['kind'] !== responseKind) throw unreadable
  try {
    const { object, problems } = decodeValue(response, said, 'Strict', parsed.problems)
    if (problems.length > 0) throw unreadable
    return { cacheKeyType: '', ...object }
  } catch {
    throw unreadable
  }
}

function run(
  { name, args = [], env = [] }: CredentialProvider,
  folder: string,
  input: string,
  signal: AbortSignal,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(path.join(folder, name), args, {
    env: { ...process.env, ...Object.fromEntries(env.map((one) => [one.name ?? '', one.value ?? ''])) },
    signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const output: Buffer[] = []
  let [size, errors] = [0, '']
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > outputLimit) child.kill('SIGKILL')
    else output.push(chunk)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (errors.length < 4096) errors += chunk
  })
  child.on('error', reject)
  child.on('close', (code, killed) => {
    const how = killed === null ? `exit status ${code ?? 0}` : `signal: ${killed}`
    if (code === 0) resolve(Buffer.concat(output).toString('utf8'))
    else reject(new Error(`${how}: ${errors}`))
  })
  // a program that ends before it read everything says why on stderr
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return promise
}
