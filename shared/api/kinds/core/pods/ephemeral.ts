import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, forbidden, type FieldError } from '../../../../machinery/fieldpath.ts'
import { quote } from '../../../../machinery/quote.ts'
import type { Pod } from '../../../types/core-v1.ts'
import { differenceText } from '../../difference.ts'
import { mirror } from './annotations.ts'
import { checkPod } from './validation.ts'

const path = new FieldPath('spec', 'ephemeralContainers')

/** What an update of the subresource ephemeralcontainers may not do: they are added, and then stay as they are. */
// pkg/apis/core/validation/validation.go ValidatePodEphemeralContainersUpdate
export function validateEphemeral(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.[mirror] !== undefined)
    return [forbidden('', 'static pods do not support ephemeral containers')]
  const errors: FieldError[] = []
  checkPod(pod, errors)
  for (const before of old.spec.ephemeralContainers ?? []) {
    const now = (pod.spec.ephemeralContainers ?? []).find(({ name }) => name === before.name)
    const what = `existing ephemeral containers ${quote(before.name)}`
    if (!now) errors.push(forbidden(path, `${what} may not be removed\n`))
    else if (!deepEqual(now, before))
      errors.push(forbidden(path, `${what} may not be changed\n${differenceText(before, now)}`))
  }
  return errors
}
