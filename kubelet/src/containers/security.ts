import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ContainerSecurity, Image } from '../runtime/types.ts'
import { formatPod } from '../pods/model.ts'

/**
 * The security settings of a container: its own before the Pod's. `readProfile` reads a seccomp profile that is named
 * relative to the kubelet's folder. Throws an Error when the container would run as root and must not.
 */
// pkg/securitycontext/util.go DetermineEffectiveSecurityContext, pkg/kubelet/kuberuntime/security_context.go
export async function containerSecurity(
  pod: Pod,
  container: Container,
  image: Image,
  readProfile: (path: string) => Promise<string>,
): Promise<ContainerSecurity> {
  const own = container.securityContext ?? {}
  const ofPod = pod.spec.securityContext ?? {}
  const runAsUser = own.runAsUser ?? ofPod.runAsUser
  const runAsGroup = own.runAsGroup ?? ofPod.runAsGroup
  if (own.runAsNonRoot ?? ofPod.runAsNonRoot) verifyNonRoot(pod, container, image, runAsUser)
  const groups = [...(ofPod.supplementalGroups ?? []), ...(ofPod.fsGroup === undefined ? [] : [ofPod.fsGroup])]
  const privileged = own.privileged ?? false
  const profile = own.seccompProfile ?? ofPod.seccompProfile
  const appArmor = own.appArmorProfile ?? ofPod.appArmorProfile
  return {
    // a group alone needs the image's user beside it, which may have but a name
    runAsUser: runAsUser ?? (runAsGroup === undefined ? undefined : image.uid),
    runAsUsername: runAsUser === undefined && runAsGroup !== undefined ? image.username : '',
    runAsGroup,
    supplementalGroups: groups,
    privileged,
    capabilitiesAdd: own.capabilities?.add ?? [],
    capabilitiesDrop: own.capabilities?.drop ?? [],
    readonlyRootfs: own.readOnlyRootFilesystem ?? false,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    appArmor:
      appArmor?.type === 'Localhost'
        ? (appArmor.localhostProfile ?? '')
        : appArmor?.type === 'Unconfined'
          ? 'unconfined'
          : '',
    unmaskedProc: own.procMount === 'Unmasked',
    seccomp:
      privileged || profile === undefined || profile.type === 'Unconfined'
        ? 'Unconfined'
        : profile.type === 'RuntimeDefault'
          ? 'RuntimeDefault'
          : await readProfile(profile.localhostProfile ?? ''),
  }
}

// pkg/kubelet/kuberuntime/security_context_others.go verifyRunAsNonRoot
function verifyNonRoot(pod: Pod, container: Container, image: Image, runAsUser: number | undefined): void {
  const where = `(pod: "${formatPod(pod)}", container: ${container.name})`
  if (runAsUser !== undefined) {
    if (runAsUser === 0) throw new Error(`container's runAsUser breaks non-root policy ${where}`)
    return
  }
  if (image.username !== '') {
    const user = image.username
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root ${where}`,
    )
  }
  if (image.uid === 0) throw new Error(`container has runAsNonRoot and image will run as root ${where}`)
}
