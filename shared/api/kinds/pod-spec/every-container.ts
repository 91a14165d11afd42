import type { FieldPath } from '../../../machinery/fieldpath.ts'
import type { Container, EphemeralContainer, PodSpec } from '../../types/core-v1.ts'

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const

/** Every container of a Pod with the path of it. */
// pkg/api/pod/util.go VisitContainersWithPath
export function* everyContainer(
  spec: PodSpec,
  path: FieldPath,
): Generator<[container: Container | EphemeralContainer, path: FieldPath]> {
  for (const list of lists)
    for (const [i, container] of (spec[list] ?? []).entries()) yield [container, path.child(list).index(i)]
}
