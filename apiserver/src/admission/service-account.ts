import { serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import type { Container, Pod, ServiceAccount, Volume } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { randomSuffix } from '@kubets/shared/machinery/names.ts'
import type { Lookup } from '../auth/lookup.ts'
import type { AdmissionRequest } from '../registry/types.ts'
import { isAbout, refuse, type Plugin } from './plugin.ts'

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const volumePrefix = 'kube-api-access-'
const mirrorAnnotation = 'kubernetes.io/config.mirror'
/** How long a new namespace may take to get its default account. */
const attempts = 10
const attemptMilliseconds = 100

// plugin/pkg/admission/serviceaccount/admission.go Plugin
/** Every Pod runs as a service account, and gets its token as a volume. */
export function serviceAccount(lookup: Lookup, clock: Clock): Plugin {
  const find = async (name: string, { namespace, signal }: AdmissionRequest): Promise<ServiceAccount | undefined> => {
    for (let left = name === 'default' ? attempts : 1; ; left--) {
      const account = await lookup.get(serviceAccounts, name, namespace)
      if (account !== undefined || left <= 1) return account
      await clock.sleep(attemptMilliseconds, signal)
    }
  }

  return {
    async mutate(request) {
      if (!isPodCreate(request)) return
      const pod = request.object as Pod
      if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return
      const name = pod.spec.serviceAccountName || 'default'
      pod.spec.serviceAccountName = name
      pod.spec.serviceAccount = name
      const account = await find(name, request)
      if (account === undefined) {
        const where = `${request.namespace ?? ''}/${name}`
        throw refuse(request, `error looking up service account ${where}: serviceaccount "${name}" not found`)
      }
      if (wantsToken(pod, account)) mountToken(pod, () => volumePrefix + randomSuffix(5))
      if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        pod.spec.imagePullSecrets = account.imagePullSecrets.map(({ name: secret }) => ({ name: secret ?? '' }))
      }
    },
    validate(request) {
      if (!isPodCreate(request)) return
      const pod = request.object as Pod
      if (pod.metadata.annotations?.[mirrorAnnotation] === undefined) return
      if (pod.spec.serviceAccountName) throw refuse(request, 'a mirror pod may not reference service accounts')
      if (pod.spec.volumes?.some((volume) => volume.projected?.sources?.some((s) => s.serviceAccountToken))) {
        throw refuse(request, 'a mirror pod may not use ServiceAccountToken volume projections')
      }
    },
  }
}

const isPodCreate = ({ operation, kind, subresource }: AdmissionRequest): boolean =>
  operation === 'CREATE' && subresource === '' && isAbout(kind, '', 'pods')

/** The Pod's word counts before the account's; the default is yes. */
function wantsToken(pod: Pod, account: ServiceAccount): boolean {
  return pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
}

/** Adds the volume and mounts it in every container that has nothing at that path yet. */
export function mountToken(pod: Pod, newName: () => string): void {
  const spec = pod.spec
  const existing = spec.volumes?.find(({ name }) => name.startsWith(volumePrefix))?.name
  const name = existing ?? newName()
  let needed = false
  for (const container of [...(spec.initContainers ?? []), ...spec.containers] as Container[]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === mountPath)) continue
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }]
    needed = true
  }
  if (needed && existing === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)]
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 420,
    },
  }
}
