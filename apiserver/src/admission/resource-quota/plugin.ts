import { equal } from '@kubets/shared/api/quota/amounts.ts'
import type { Evaluator, QuotaWrite } from '@kubets/shared/api/quota/evaluator.ts'
import { evaluatorOf } from '@kubets/shared/api/quota/evaluators.ts'
import type { ResourceQuota } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { AdmissionRequest, Registry } from '../../registry/types.ts'
import { isAbout, refuse, type Plugin } from '../plugin.ts'
import { Batches, type Waiter } from './batches.ts'
import { accountOf, charge, type Account } from './charge.ts'
import { devicesOf } from './devices.ts'
import { QuotaStore } from './quota-store.ts'

// Upstream tries 3 times more and then answers a conflict; a busy namespace behind several apiservers needs more.
// plugin/resourcequota/controller.go checkAttributes
const retries = 10

interface Asked {
  request: AdmissionRequest
  write: QuotaWrite
  evaluator: Evaluator
}

// staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/admission.go QuotaAdmission
/**
 * Keeps the objects of a namespace within its quotas. What a write uses is written to the quotas' status before the
 * object is, and each such write rests on the version it was computed from, so that no two requests, of this apiserver or
 * others, are let in on the same free amount.
 */
export function resourceQuota(registry: Registry, clock: Clock, signal: AbortSignal): Plugin {
  const store = new QuotaStore(registry, signal)
  const devices = devicesOf(registry)

  const settle = async (
    namespace: string,
    waiters: readonly Waiter<Asked>[],
    quotas: readonly ResourceQuota[],
    left: number,
  ): Promise<void> => {
    const before = quotas.map(accountOf)
    const { accounts, pending } = decide(before, waiters, clock.now())
    if (pending.length === 0) return
    const failed = new Map<string, unknown>()
    const save = async ({ quota, used }: Account, index: number): Promise<void> => {
      const known = before[index]
      if (known && equal(known.used, used)) return
      try {
        await store.setUsed(quota, used)
      } catch (error) {
        failed.set(quota.metadata.name ?? '', error)
      }
    }
    await Promise.all(accounts.map(save))
    if (failed.size === 0) {
      for (const waiter of pending) waiter.pass()
      return
    }
    const [error] = failed.values()
    if (left === 0) throw error
    // what was saved is charged; only the others are asked again
    const fresh = await store.listFresh(namespace)
    const again = fresh.filter(({ metadata }) => failed.has(metadata.name ?? ''))
    await settle(namespace, pending, again, left - 1)
  }

  const batches = new Batches<Asked>(clock, (namespace, waiters) =>
    settle(namespace, waiters, store.list(namespace), retries),
  )

  return {
    async validate(request) {
      const { namespace, kind, operation, subresource, object, old } = request
      if (namespace === undefined || object === undefined || isAbout(kind, '', 'namespaces')) return
      if (operation === 'CONNECT') return
      const evaluator = evaluatorOf(kind.group, kind.plural, devices)
      const write: QuotaWrite = { operation, subresource, object, ...(old === undefined ? {} : { old }) }
      if (!evaluator?.handles(write) || store.list(namespace).length === 0) return
      await batches.submit(namespace, { request, write, evaluator })
    },
  }
}

/** Lets pass or refuses what needs no write, and answers the rest with the accounts as they shall be. */
// plugin/resourcequota/controller.go checkQuotas
function decide(
  before: readonly Account[],
  waiters: readonly Waiter<Asked>[],
  now: number,
): { accounts: readonly Account[]; pending: Waiter<Asked>[] } {
  let accounts = before
  const pending: Waiter<Asked>[] = []
  for (const waiter of waiters) {
    const { request, write, evaluator } = waiter.item
    const charged = charge(accounts, write, evaluator, now)
    if ('refusal' in charged) waiter.fail(refuse(request, charged.refusal))
    else if (request.dryRun || !charged.changed) waiter.pass()
    else {
      accounts = charged.accounts
      pending.push(waiter)
    }
  }
  return { accounts, pending }
}
