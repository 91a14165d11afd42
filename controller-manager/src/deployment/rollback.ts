import type { Deployment, ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import { sameTemplate } from '../pods/template-hash.ts'
import { hashLabel, ownAnnotations, rollbackAnnotation } from './names.ts'
import { revisionOf } from './revision.ts'

/** The revision that a client of the oldest versions asks to go back to: 0 is the last but one; undefined: none. */
// pkg/controller/deployment/rollback.go getRollbackTo
export const rollbackTo = ({ metadata }: Deployment): number | undefined => {
  const text = metadata.annotations?.[rollbackAnnotation] ?? ''
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined
}

export interface Rollback {
  /** As it is to be written: with the template of that revision, where there is one, and no longer asking. */
  readonly deployment: Deployment
  readonly event: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string }
}

/** Goes back to that revision, or says why not; either way it is asked for no more. */
// pkg/controller/deployment/rollback.go rollback
export const planRollback = (deployment: Deployment, sets: readonly ReplicaSet[], asked: number): Rollback => {
  const { name } = deployment.metadata
  const answered = clone(deployment)
  delete answered.metadata.annotations?.[rollbackAnnotation]
  const not = (reason: string, message: string): Rollback => ({
    deployment: answered,
    event: { type: 'Warning', reason, message },
  })
  const revision = asked === 0 ? lastRevision(sets) : asked
  if (revision === 0) return not('DeploymentRollbackRevisionNotFound', 'Unable to find last revision.')
  const set = sets.find((each) => revisionOf(each) === revision)
  if (!set) return not('DeploymentRollbackRevisionNotFound', 'Unable to find the revision to rollback to.')
  if (sameTemplate(set.spec.template, deployment.spec.template)) {
    const message = `The rollback revision contains the same template as current deployment "${name}"`
    return not('DeploymentRollbackTemplateUnchanged', message)
  }
  const message = `Rolled back deployment "${name}" to revision ${revision}`
  return { deployment: withTemplateOf(answered, set), event: { type: 'Normal', reason: 'DeploymentRollback', message } }
}

/** The second highest revision; 0 where there is none. */
// pkg/controller/deployment/util/deployment_util.go LastRevision
const lastRevision = (sets: readonly ReplicaSet[]): number =>
  sets
    .map(revisionOf)
    .toSorted((a, b) => b - a)
    .at(1) ?? 0

/** With the set's template and its annotations, which were the Deployment's at that time. */
// pkg/controller/deployment/util/deployment_util.go SetFromReplicaSetTemplate, SetDeploymentAnnotationsTo
const withTemplateOf = (deployment: Deployment, { metadata, spec }: ReplicaSet): Deployment => {
  const template = clone(spec.template ?? deployment.spec.template)
  delete template.metadata?.labels?.[hashLabel]
  const isOwn = ([key]: [string, string]): boolean => ownAnnotations.has(key)
  const kept = Object.entries(deployment.metadata.annotations ?? {}).filter(isOwn)
  const taken = Object.entries(metadata.annotations ?? {}).filter((entry) => !isOwn(entry))
  return {
    ...deployment,
    metadata: { ...deployment.metadata, annotations: Object.fromEntries([...kept, ...taken]) },
    spec: { ...deployment.spec, template },
  }
}
