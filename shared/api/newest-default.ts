import type { KubeObject } from '@kubets/shared/machinery/object.ts'

/** Of the classes that an annotation marks as default the newest; of equally new ones the first by name. */
// pkg/volume/util/storageclass.go GetDefaultClass, plugin/pkg/admission/network/defaultingressclass/admission.go
export function newestDefault<T extends KubeObject>(classes: readonly T[], ...annotations: string[]): T | undefined {
  const created = ({ metadata }: T): string => metadata.creationTimestamp ?? ''
  return classes
    .filter(({ metadata }) => annotations.some((key) => metadata.annotations?.[key] === 'true'))
    .sort((a, b) =>
      created(a) === created(b)
        ? (a.metadata.name ?? '') < (b.metadata.name ?? '')
          ? -1
          : 1
        : created(a) < created(b)
          ? 1
          : -1,
    )[0]
}
