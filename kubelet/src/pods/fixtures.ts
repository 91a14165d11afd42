// Building blocks for the tables of tests in this folder.
import type { Container, Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import type { ContainerStatus, PodSandboxStatus } from '../runtime/types.ts'
import { keys } from './model.ts'

export const t0 = Date.UTC(2026, 0, 1)
export const identity = { name: 'web', namespace: 'default', uid: 'u1' }

export function pod(spec: Partial<PodSpec> & { containers: Container[] }, more: Partial<Pod> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...identity },
    spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30, ...spec },
    ...more,
  }
}

export function container(name: string, more: Partial<Container> = {}): Container {
  return { name, image: 'busybox', ...more }
}

export function sandbox(attempt = 0, more: Partial<PodSandboxStatus> = {}): PodSandboxStatus {
  return {
    id: `s${attempt}`,
    pod: identity,
    attempt,
    state: 'SANDBOX_READY',
    createdAt: t0,
    labels: {},
    ips: ['10.244.0.7'],
    network: 'POD',
    pid: 42,
    ...more,
  }
}

/** A running instance; `backOff` is what is written on it. */
export function running(name: string, attempt = 0, more: Partial<ContainerStatus> & { backOff?: number } = {}) {
  const { backOff = 0, ...rest } = more
  const status: ContainerStatus = {
    id: `${name}-${attempt}`,
    sandboxId: 's0',
    name,
    attempt,
    pod: identity,
    state: 'CONTAINER_RUNNING',
    image: 'busybox',
    imageId: 'sha256:1',
    createdAt: t0,
    labels: { [keys.backOff]: String(backOff) },
    startedAt: t0,
    finishedAt: 0,
    exitCode: 0,
    signal: 0,
    reason: '',
    message: '',
    imageRef: 'sha256:1',
    mounts: [],
    tty: false,
    stdin: false,
    ...rest,
  }
  return status
}

/** An instance that ended a second after its start. */
export function exited(
  name: string,
  exitCode: number,
  attempt = 0,
  more: Partial<ContainerStatus> & { backOff?: number } = {},
): ContainerStatus {
  return running(name, attempt, {
    state: 'CONTAINER_EXITED',
    exitCode,
    finishedAt: t0 + 1000,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    ...more,
  })
}
