// Names on the wire, from k8s.io/api/discovery/v1/well_known_labels.go and k8s.io/api/core/v1/annotation_key_constants.go
export const serviceNameLabel = 'kubernetes.io/service-name'
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
export const headlessLabel = 'service.kubernetes.io/headless'
export const managedBy = 'endpointslice-controller.k8s.io'
