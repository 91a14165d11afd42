import type { LogLevel } from '@kubets/shared/process/logging.ts'
import {
  boolean,
  duration,
  integer,
  oneOf,
  optionalText,
  parseFlags,
  port,
  text,
} from '@kubets/shared/process/options.ts'

export interface Options {
  readonly kubeconfig: string
  /** A KubeSchedulerConfiguration file. */
  readonly config: string | undefined
  readonly leaderElect: boolean
  readonly election: {
    readonly leaseDurationMs: number
    readonly renewDeadlineMs: number
    readonly retryPeriodMs: number
  }
  readonly bindAddress: string
  readonly port: number
  readonly percentageOfNodesToScore: number
  readonly logLevel: LogLevel
}

/** Reads the command line; a problem with it ends the process. */
export function readOptions(argv: readonly string[]): Options {
  const flags = parseFlags(
    'kube-scheduler',
    {
      kubeconfig: text('file that says how to reach the apiserver'),
      config: optionalText('file with a KubeSchedulerConfiguration'),
      'leader-elect': boolean('only one of several schedulers works at a time', true),
      'leader-elect-lease-duration': duration('how long others wait for a leader that went silent', 15_000),
      'leader-elect-renew-deadline': duration('how long a leader tries to renew before it gives up', 10_000),
      'leader-elect-retry-period': duration('pause between tries to get or renew the lease', 2_000),
      'bind-address': text('serves /healthz and /metrics', '0.0.0.0'),
      'secure-port': port('port of /healthz and /metrics', 10259),
      'percentage-of-nodes-to-score': integer('how many feasible nodes are enough; 0: by cluster size', 0, 0, 100),
      'log-level': oneOf<LogLevel>('what is logged', ['debug', 'info', 'warn', 'error'], 'info'),
    },
    argv,
  )
  return {
    kubeconfig: flags.kubeconfig,
    config: flags.config,
    leaderElect: flags['leader-elect'],
    election: {
      leaseDurationMs: flags['leader-elect-lease-duration'],
      renewDeadlineMs: flags['leader-elect-renew-deadline'],
      retryPeriodMs: flags['leader-elect-retry-period'],
    },
    bindAddress: flags['bind-address'],
    port: flags['secure-port'],
    percentageOfNodesToScore: flags['percentage-of-nodes-to-score'],
    logLevel: flags['log-level'],
  }
}
