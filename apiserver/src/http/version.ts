/** The version of Kubernetes this server says it is. */
export const gitVersion = 'v1.36.0+kubets'

// apimachinery/pkg/version/types.go Info
export const versionInfo = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: `node${process.versions.node}`,
  compiler: 'v8',
  platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
}
