import { add, amountsOf, equal, exceeding, mask, subtract, withoutZeros } from '@kubets/shared/api/quota/amounts.ts'
import type { Amounts } from '@kubets/shared/api/quota/amounts.ts'
import { inScopes } from '@kubets/shared/api/quota/evaluator.ts'
import type { Evaluator, QuotaWrite } from '@kubets/shared/api/quota/evaluator.ts'
import type { ResourceQuota } from '@kubets/shared/api/types/core-v1.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'

/** A quota and what is used of it, with the writes that are being let in. */
export interface Account {
  quota: ResourceQuota
  used: Amounts
}

export type Charged = { accounts: readonly Account[]; changed: boolean } | { refusal: string }

export const accountOf = (quota: ResourceQuota): Account => ({ quota, used: amountsOf(quota.status?.used) })

/**
 * Charges a write to every quota that it falls under: the accounts as they are then, or why it may not be. The accounts
 * given stay as they are.
 */
// staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go CheckRequest
export function charge(accounts: readonly Account[], write: QuotaWrite, evaluator: Evaluator, now: number): Charged {
  const { object, old, operation, subresource } = write
  for (const account of accounts) {
    if (!fallsUnder(account, object, evaluator)) continue
    const refusal = unready(account, object, evaluator)
    if (refusal !== undefined) return { refusal }
  }
  const usage = evaluator.usage(object, now)
  const negative = [...usage].filter(([, quantity]) => quantity.sign < 0).map(([name]) => name)
  if (negative.length > 0) return { refusal: `quota usage is negative for resource(s): ${negative.sort().join(',')}` }
  const more = operation === 'UPDATE' && old ? subtract(usage, evaluator.usage(old, now)) : usage

  let changed = false
  const next: Account[] = []
  for (const account of accounts) {
    if (!fallsUnder(account, object, evaluator)) {
      next.push(account)
      continue
    }
    // an object that moves under this quota brings all it has
    const known = operation === 'UPDATE' && old !== undefined && fallsUnder(account, old, evaluator)
    const hard = amountsOf(account.quota.status?.hard)
    const requested = withoutZeros(mask(known ? more : usage, hard.keys()))
    const used = add(account.used, requested)
    const exceeded = exceeding(mask(used, requested.keys()), hard)
    if (exceeded.length > 0 && subresource !== 'status') {
      const shown = (amounts: Amounts): string => print(mask(amounts, exceeded))
      return {
        refusal:
          `exceeded quota: ${account.quota.metadata.name}, requested: ${shown(requested)}, ` +
          `used: ${shown(account.used)}, limited: ${shown(hard)}`,
      }
    }
    changed ||= !equal(used, account.used)
    next.push({ quota: account.quota, used })
  }
  return { accounts: next, changed }
}

const limitedNames = ({ quota }: Account, evaluator: Evaluator): string[] =>
  Object.keys(quota.status?.hard ?? {}).filter((name) => evaluator.counts(name))

const fallsUnder = (account: Account, object: KubeObject, evaluator: Evaluator): boolean =>
  limitedNames(account, evaluator).length > 0 && inScopes(account.quota, evaluator, object)

/** Why nothing can be charged to the account at all. */
function unready(account: Account, object: KubeObject, evaluator: Evaluator): string | undefined {
  const { name } = account.quota.metadata
  const limited = limitedNames(account, evaluator)
  const lacks = evaluator.lacks(limited, object)
  if (lacks !== undefined) return `failed quota: ${name}: ${lacks}`
  if (limited.every((each) => account.used.has(each))) return undefined
  return `status unknown for quota: ${name}, resources: ${limited.sort().join(',')}`
}

// controller.go prettyPrint
const print = (amounts: Amounts): string =>
  [...amounts]
    .map(([name, quantity]) => `${name}=${quantity}`)
    .sort()
    .join(',')
