import { readFile } from 'node:fs/promises'
import type { AppArmorProfile, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Rejection } from './admission.ts'

/** Whether the kernel enforces AppArmor profiles. */
// opencontainers/runc/libcontainer/apparmor IsEnabled
export async function appArmorEnabled(): Promise<boolean> {
  const said = await readFile('/sys/module/apparmor/parameters/enabled', 'utf8').catch(() => '')
  return said.startsWith('Y')
}

/** Why a Pod that is to be confined cannot run on this node; undefined when it can, or is not to be. */
// pkg/security/apparmor/validate.go Validate, pkg/kubelet/lifecycle/handlers.go appArmorAdmitHandler
export function appArmorRefusal({ spec }: Pod, enabled: boolean): Rejection | undefined {
  const all = [spec, ...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  if (enabled || !all.some(({ securityContext }) => confines(securityContext?.appArmorProfile))) return undefined
  return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' }
}

const confines = (profile: AppArmorProfile | undefined): boolean =>
  profile !== undefined && profile.type !== 'Unconfined'
