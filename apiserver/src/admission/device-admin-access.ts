import { namespaces } from '@kubets/shared/api/resources.gen.ts'
import type { DeviceRequest, ResourceClaim, ResourceClaimTemplate } from '@kubets/shared/api/types/resource-v1.ts'
import { invalid } from '@kubets/shared/machinery/errors.ts'
import { FieldPath, forbidden } from '@kubets/shared/machinery/fieldpath.ts'
import type { Lookup } from '../auth/lookup.ts'
import type { AdmissionRequest } from '../registry/types.ts'
import type { Plugin } from './plugin.ts'

const label = 'resource.kubernetes.io/admin-access'
const requestsPath = new FieldPath('spec', 'devices', 'requests')
const resultsPath = new FieldPath('status', 'allocation', 'devices', 'results')

/** Devices that are in use may be claimed for their administration in namespaces with a label for it alone. */
// pkg/registry/resource/utils.go AuthorizedForAdmin, AuthorizedForAdminStatus: of upstream's strategies, not a plugin
export function deviceAdminAccess(lookup: Lookup): Plugin {
  return {
    async validate(request) {
      const at = wanted(request)
      if (at === undefined) return
      const { kind, name, object, namespace = '' } = request
      const found = await lookup.get(namespaces, namespace)
      if (found?.metadata.labels?.[label] === 'true') return
      const detail = `admin access to devices requires the \`${label}: true\` label on the containing namespace`
      throw invalid(kind, name || (object?.metadata.name ?? ''), [forbidden(at, detail)])
    },
  }
}

/** The first field that asks for such access and did not before. */
function wanted({ operation, kind, subresource, object, old }: AdmissionRequest): FieldPath | undefined {
  if (kind.group !== 'resource.k8s.io' || !object) return undefined
  if (kind.plural === 'resourceclaims' && subresource === 'status') {
    const before = resultOf(old as ResourceClaim | undefined)
    const now = resultOf(object as ResourceClaim)
    return now < 0 || before >= 0 ? undefined : resultsPath.index(now).child('adminAccess')
  }
  // neither spec ever changes
  if (operation !== 'CREATE' || subresource !== '') return undefined
  const requests = requestsOf(kind.plural, object)
  const index = requests.findIndex(({ exactly }) => exactly?.adminAccess === true)
  return index < 0 ? undefined : requestsPath.index(index).child('adminAccess')
}

const resultOf = (claim: ResourceClaim | undefined): number =>
  (claim?.status?.allocation?.devices?.results ?? []).findIndex(({ adminAccess }) => adminAccess === true)

function requestsOf(plural: string, object: object): readonly DeviceRequest[] {
  if (plural === 'resourceclaims') return (object as ResourceClaim).spec.devices.requests ?? []
  if (plural === 'resourceclaimtemplates') return (object as ResourceClaimTemplate).spec.spec.devices.requests ?? []
  return []
}
