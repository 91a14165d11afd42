import type { Container, Pod, Volume } from '@kubets/shared/api/types/core-v1.ts'

/** The names of all Secrets that a Pod refers to. */
// pkg/api/v1/pod/util.go VisitPodSecretNames
export const secretNamesOf = ({ spec }: Pod): string[] => {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])] as const
  const names = [
    ...(spec.imagePullSecrets ?? []).map(({ name }) => name),
    ...containers.flatMap(ofContainer),
    ...(spec.volumes ?? []).flatMap(ofVolume),
  ]
  return names.filter((name): name is string => name !== undefined && name !== '')
}

type Names = (string | undefined)[]

const ofContainer = ({ env = [], envFrom = [] }: Pick<Container, 'env' | 'envFrom'>): Names => [
  ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
  ...envFrom.map(({ secretRef }) => secretRef?.name),
]

const ofVolume = (volume: Volume): Names => {
  const { cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos } = volume
  return [
    volume.secret?.secretName,
    volume.azureFile?.secretName,
    volume.csi?.nodePublishSecretRef?.name,
    ...[cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos].map((one) => one?.secretRef?.name),
    ...(volume.projected?.sources ?? []).map(({ secret }) => secret?.name),
  ]
}
