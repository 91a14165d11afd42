// The credentials for images that the node has: in its own files, and from programs that know them.
import { access, constants, readFile, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { ApiObjects } from '../api-objects.ts'
import { dockerConfigIn } from '../images/credentials.ts'
import type { NodeKeyring } from '../images/ensure.ts'
import { lookup, tracked, type DockerConfig } from '../images/keyring.ts'
import type { TrackedAuth } from '../images/pull-records.ts'
import type { TokenCache } from '../volumes/tokens.ts'
import { providerProblems, readProviders, type CredentialProvider } from './config.ts'
import { ask, decodeAnswer } from './exec.ts'
import type { ProviderMetrics } from './metrics.ts'
import { ProviderCache, type ProviderDeps } from './provider.ts'

export interface KeyringOptions {
  /** File or folder of the configuration of the providers; '' when there are none. */
  config: string
  /** Where their programs are. */
  folder: string
  rootDir: string
  objects: Pick<ApiObjects, 'serviceAccount'>
  tokens: Pick<TokenCache, 'get'>
  metrics: ProviderMetrics
  clock: Clock
  log: Logger
  /** The kubelet's own life: what a provider is asked, it is asked for all. */
  lifetime: AbortSignal
}

/** Opens the node's keyring. Rejects when its configuration is wrong or a program is missing. */
// pkg/credentialprovider/plugin/plugin.go RegisterCredentialProviderPlugins
export async function openKeyring(options: KeyringOptions): Promise<NodeKeyring> {
  const { config, folder, rootDir } = options
  const providers = config === '' && folder === '' ? [] : await openProviders(options)
  return {
    async lookup(repository: string, pod: Pod, signal: AbortSignal): Promise<TrackedAuth[]> {
      const own = lookup([tracked(await nodeConfig(rootDir))], repository)
      const given = await Promise.all(providers.map((one) => one.provide(repository, pod, signal)))
      signal.throwIfAborted()
      return [...own, ...lookup(given, repository)]
    },
  }
}

async function openProviders(options: KeyringOptions): Promise<ProviderCache[]> {
  const { config, folder, objects, tokens, metrics, clock, log, lifetime } = options
  await stat(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Error(`plugin binary directory ${folder} did not exist`)
    }
    throw new Error(`error inspecting binary directory ${folder}: ${(error as Error).message}`)
  })
  const providers = await readProviders(config)
  const problems = providerProblems(providers)
  if (problems.length > 0) {
    const list = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`
    throw new Error(`failed to validate credential provider config: ${list}`)
  }
  for (const { name } of providers) {
    const program = path.join(folder, name)
    await access(program, constants.X_OK).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        throw new Error(`plugin binary executable ${program} did not exist`)
      }
      throw new Error(`error inspecting binary executable ${program}: ${(error as Error).message}`)
    })
  }
  const deps: ProviderDeps = {
    clock,
    log,
    serviceAccount: (namespace, name, signal) => objects.serviceAccount(namespace, name, signal),
    token: async (question, signal) => (await tokens.get(question, signal)).token,
    ask: async (provider: CredentialProvider, question) => {
      const start = clock.elapsed()
      const ran = (failed: boolean): void => metrics.ran(provider.name, (clock.elapsed() - start) / 1000, failed)
      const text = await ask(provider, folder, question, lifetime).catch((error: unknown) => {
        ran(true)
        throw error
      })
      ran(false)
      return decodeAnswer(text, provider.apiVersion ?? '')
    },
  }
  return providers.map((provider) => new ProviderCache(provider, deps))
}

/** What docker login wrote on this node: the first file that can be read. */
// pkg/credentialprovider/config.go ReadDockerConfigJSONFile
async function nodeConfig(rootDir: string): Promise<DockerConfig> {
  for (const folder of [rootDir, '.', path.join(os.homedir(), '.docker'), '/.docker']) {
    const text = await readFile(path.join(folder, 'config.json'), 'utf8').catch(() => '')
    const found = dockerConfigIn(text)
    if (found.size > 0) return found
  }
  return new Map()
}
