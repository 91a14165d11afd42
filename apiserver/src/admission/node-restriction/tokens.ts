import { csiDrivers, persistentVolumeClaims, persistentVolumes, pods } from '@kubets/shared/api/resources.gen.ts'
import type { TokenRequest } from '@kubets/shared/api/types/authentication-v1.ts'
import type { Pod, Volume } from '@kubets/shared/api/types/core-v1.ts'
import { claimNameOf } from '@kubets/shared/api/volume-binding.ts'
import { notFound } from '@kubets/shared/machinery/errors.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Authorizer } from '../../auth/attributes.ts'
import type { Lookup } from '../../auth/lookup.ts'
import type { AdmissionRequest } from '../../registry/types.ts'

/** What is wrong with a kubelet asking for this token; undefined when nothing is. Throws NotFound when its Pod is not there. */
// plugin/pkg/admission/noderestriction/admission.go admitServiceAccount
export async function tokenProblem(
  request: AdmissionRequest,
  node: string,
  lookup: Lookup,
  authorizer: Authorizer,
): Promise<string | undefined> {
  const { boundObjectRef: ref, audiences } = (request.object as TokenRequest).spec
  if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) return 'node requested token not bound to a pod'
  if (!ref.uid) return 'node requested token with a pod binding without a uid'
  const pod = await lookup.get(pods, ref.name, request.namespace)
  if (pod === undefined) throw notFound({ group: '', plural: 'pods' }, ref.name)
  if (pod.metadata.uid !== ref.uid) {
    return `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`
  }
  if (pod.spec.nodeName !== node) return 'node requested token bound to a pod scheduled on a different node'
  const [audience = '', ...others] = audiences ?? []
  if (others.length > 0) return 'node may only request 0 or 1 audiences'
  if ((await isNamed(audience, pod, lookup)) || mayAskFor(audience, request, authorizer)) return undefined
  const who = request.user?.name ?? ''
  return `audience ${quote(audience)} not found in pod spec volume, ${who} is not authorized to request tokens for this audience`
}

// podReferencesAudience; '' is the API server's own
async function isNamed(audience: string, pod: Pod, lookup: Lookup): Promise<boolean> {
  const volumes = pod.spec.volumes ?? []
  const isProjected = volumes.some(({ projected }) =>
    projected?.sources?.some(({ serviceAccountToken: token }) => token && (token.audience ?? '') === audience),
  )
  if (isProjected) return true
  for (const volume of volumes) {
    const name = await driverOf(pod, volume, lookup)
    const driver = name ? await lookup.get(csiDrivers, name) : undefined
    if (driver?.spec.tokenRequests?.some((one) => one.audience === audience)) return true
  }
  return false
}

// getCSIFromPVC
async function driverOf(pod: Pod, volume: Volume, lookup: Lookup): Promise<string | undefined> {
  if (volume.csi) return volume.csi.driver
  const name = claimNameOf(pod, volume)
  const claim = name ? await lookup.get(persistentVolumeClaims, name, pod.metadata.namespace ?? '') : undefined
  const volumeName = claim?.spec.volumeName
  return volumeName ? (await lookup.get(persistentVolumes, volumeName))?.spec.csi?.driver : undefined
}

// validateNodeServiceAccountAudience: whoever has providers of image credentials must be let to ask for their audiences
function mayAskFor(
  audience: string,
  { user, namespace = '', name }: AdmissionRequest,
  authorizer: Authorizer,
): boolean {
  if (user === undefined) return false
  const about = { apiGroup: '', resource: audience, subresource: '', namespace, name, path: '' }
  const verb = 'request-serviceaccounts-token-audience'
  return authorizer.authorize({ user, verb, isResourceRequest: true, ...about }).verdict === 'allow'
}
