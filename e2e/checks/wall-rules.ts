import type { IConfiguration, IForbiddenRuleType } from 'dependency-cruiser'

// The import walls of the house. Programs import shared/ only; inside shared/: machinery ← api ← client ← process.
const programs = ['apiserver', 'controller-manager', 'scheduler', 'kubelet', 'kube-proxy', 'deploy']

/** One rule a program: it may not reach into a sibling. */
const betweenPrograms: IForbiddenRuleType[] = programs.map((program) => ({
  name: `${program}-imports-no-other-program`,
  severity: 'error',
  from: { path: `^${program}/` },
  to: { path: `^(${[...programs, 'e2e'].filter((other) => other !== program).join('|')})/` },
}))

/** One rule a layer: `from` may not import any of `to`. */
const layer = (name: string, from: string, to: string): IForbiddenRuleType => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: to },
})

export const rules: IConfiguration = {
  forbidden: [
    ...betweenPrograms,
    layer('shared-imports-no-program', '^shared/', `^(${[...programs, 'e2e'].join('|')})/`),
    layer('machinery-is-the-base', '^shared/machinery/', '^shared/(api|client|process)/'),
    layer('api-imports-machinery-only', '^shared/api/', '^shared/(client|process)/'),
    layer('client-below-process', '^shared/client/', '^shared/process/'),
    layer('storage-below-registry', '^apiserver/src/storage/', '^apiserver/src/(registry|admission|auth|http)/'),
    layer('registry-below-admission-and-auth', '^apiserver/src/registry/', '^apiserver/src/(admission|auth|http)/'),
    layer('admission-and-auth-below-http', '^apiserver/src/(admission|auth)/', '^apiserver/src/http/'),
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
