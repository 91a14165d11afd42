import { clone } from '../../../../machinery/deep.ts'
import type { Requester } from '../../kind.ts'
import type { CertificateSigningRequest } from '../../../types/certificates-v1.ts'

// pkg/registry/certificates/certificates/strategy.go PrepareForCreate: who asks is what the server knows, not what is said
export function prepareForCreate(obj: CertificateSigningRequest, by?: Requester): void {
  const { username: _n, uid: _u, groups: _g, extra: _e, ...spec } = obj.spec
  obj.spec = {
    ...spec,
    ...(by && { username: by.name }),
    ...(by?.uid && { uid: by.uid }),
    ...(by && by.groups.length > 0 && { groups: [...by.groups] }),
    ...(by?.extra && Object.keys(by.extra).length > 0 && { extra: clone(by.extra) as Record<string, string[]> }),
  }
}

// pkg/registry/certificates/certificates/strategy.go PrepareForUpdate: a request is never changed
export function prepareForUpdate(obj: CertificateSigningRequest, old: CertificateSigningRequest): void {
  obj.spec = clone(old.spec)
}

// the subresource approval alone approves and denies
export function prepareForStatusUpdate(
  obj: CertificateSigningRequest,
  old: CertificateSigningRequest,
  now: string,
): void {
  const isApproval = (type: string) => type === 'Approved' || type === 'Denied'
  const kept = (old.status?.conditions ?? []).filter((condition) => isApproval(condition.type))
  const given = (obj.status?.conditions ?? []).filter((condition) => !isApproval(condition.type))
  if (kept.length + given.length > 0) obj.status = { ...obj.status, conditions: [...clone(kept), ...given] }
  stampConditions(obj, old, now)
}

/** Fills in when each condition was written, and since when it holds, where who writes it does not say. */
// pkg/registry/certificates/certificates/strategy.go populateConditionTimestamps
export function stampConditions(obj: CertificateSigningRequest, old: CertificateSigningRequest, now: string): void {
  for (const condition of obj.status?.conditions ?? []) {
    condition.lastUpdateTime ??= now
    const before = old.status?.conditions?.find(
      ({ type, status, lastTransitionTime }) =>
        type === condition.type && status === condition.status && lastTransitionTime,
    )
    condition.lastTransitionTime ??= before?.lastTransitionTime ?? now
  }
}
