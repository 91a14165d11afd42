import { FieldPath } from '../../../../machinery/fieldpath.ts'
import type { Pod } from '../../../types/core-v1.ts'
import { nameWarnings, podWarnings } from '../../pod-spec/warnings.ts'

// pkg/registry/core/pod/strategy.go WarningsOnCreate, WarningsOnUpdate: an update cannot change what is warned of
export function warningsOf(pod: Pod, old?: Pod): string[] {
  if (old) return []
  const found = nameWarnings(pod.metadata.name, "the Pod's hostname")
  return found.concat(podWarnings(pod.spec, pod.metadata, new FieldPath(), false))
}
