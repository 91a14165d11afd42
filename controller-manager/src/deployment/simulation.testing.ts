import type { Deployment, ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import { plan } from './plan.ts'

/** A world of one Deployment for the tests: applies plans, and lets Pods come and go as a ReplicaSet would. */
export class Simulation {
  deployment: Deployment
  sets: ReplicaSet[] = []
  events: string[] = []
  /** Writes of the last step. */
  writes: string[] = []
  now = Date.parse('2026-01-01T00:00:00Z')
  /** Images whose Pods never become available. */
  broken = new Set<string>()
  /** Fewest available and most existing Pods ever seen between steps. */
  fewest = Infinity
  most = 0

  constructor(spec: Partial<Deployment['spec']> & { image: string }) {
    const { image, ...rest } = spec
    this.deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'n', uid: 'd', generation: 1 },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        progressDeadlineSeconds: 600,
        revisionHistoryLimit: 10,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
        ...rest,
      },
    }
  }

  change(change: (spec: Deployment['spec']) => void): void {
    const next = clone(this.deployment)
    change(next.spec)
    next.metadata.generation = (next.metadata.generation ?? 0) + 1
    this.deployment = next
  }

  setImage(image: string): void {
    this.change((spec) => {
      spec.template = { ...spec.template, spec: { containers: [{ name: 'c', image }] } }
    })
  }

  /** Plans once and applies the outcome; true when it wrote anything. */
  step(): boolean {
    this.now += 1000
    const { actions } = plan({ deployment: this.deployment, replicaSets: this.sets, pods: [] }, this.now)
    this.writes = actions.map((action) => action.type)
    for (const action of actions) {
      if ('event' in action && action.event) this.events.push(action.event)
      if (action.type === 'create')
        this.sets.push({ ...action.replicaSet, metadata: { ...action.replicaSet.metadata, ...this.#stamp() } })
      if (action.type === 'update')
        this.sets = this.sets.map((set) =>
          set.metadata.name === action.replicaSet.metadata.name ? action.replicaSet : set,
        )
      if (action.type === 'delete')
        this.sets = this.sets.filter((set) => set.metadata.name !== action.replicaSet.metadata.name)
      if (action.type === 'rollback') {
        this.events.push(action.rollback.event.message)
        this.deployment = action.rollback.deployment
      }
      if (action.type === 'status')
        this.deployment = {
          ...this.deployment,
          metadata: { ...this.deployment.metadata, annotations: action.annotations },
          status: action.status,
        }
    }
    return actions.length > 0
  }

  /** Every ReplicaSet gets the Pods it wants, available unless their image is broken. */
  settlePods(): void {
    this.sets = this.sets.map((set) => {
      const replicas = set.spec.replicas ?? 0
      const healthy = this.broken.has(this.imageOf(set)) ? 0 : replicas
      return {
        ...set,
        status: {
          replicas,
          readyReplicas: healthy,
          availableReplicas: healthy,
          terminatingReplicas: 0,
          observedGeneration: set.metadata.generation,
        },
      }
    })
    const total = (field: 'replicas' | 'availableReplicas'): number =>
      this.sets.reduce((sum, set) => sum + (set.status?.[field] ?? 0), 0)
    this.fewest = Math.min(this.fewest, total('availableReplicas'))
    this.most = Math.max(this.most, total('replicas'))
  }

  /** Steps and settles until nothing is written; returns how many steps wrote. */
  run(limit = 50): number {
    for (let count = 0; count < limit; count++) {
      if (!this.step()) return count
      this.settlePods()
    }
    throw new Error('did not converge')
  }

  imageOf(set: ReplicaSet): string {
    return set.spec.template?.spec?.containers[0]?.image ?? ''
  }

  /** Size by image. */
  sizes(): Record<string, number> {
    return Object.fromEntries(this.sets.map((set) => [this.imageOf(set), set.spec.replicas ?? 0]))
  }

  condition(type: string): string | undefined {
    const found = this.deployment.status?.conditions?.find((condition) => condition.type === type)
    return found && `${found.status} ${found.reason} ${found.message}`
  }

  #stamp(): { uid: string; creationTimestamp: string; generation: number } {
    const text = new Date(this.now).toISOString()
    return { uid: `set-${text}`, creationTimestamp: `${text.slice(0, 19)}Z`, generation: 1 }
  }
}
