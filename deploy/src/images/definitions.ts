/** An image of the base set: busybox and a few files, imported as one layer. */
export interface ImageDefinition {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  /** Dockerfile instructions that `docker import --change` takes. */
  readonly changes: readonly string[]
}

/** Sleeps until told to stop. PID 1 gets no default signal handlers, so it must install its own. */
const pause = `#!/bin/sh
trap 'exit 0' TERM INT
while :; do sleep 86400 & wait $!; done
`

/** Serves its own name and version on port 8080: enough to see requests spread over Pods. */
const web = (version: string): string => `#!/bin/sh
echo "${version} $(hostname)" > /www/index.html
exec httpd -f -v -p 8080 -h /www
`

const webImage = (version: string): ImageDefinition => ({
  name: `kubets/web:${version}`,
  files: { 'bin/web': web(version), 'www/.keep': '' },
  changes: ['CMD ["/bin/web"]', 'EXPOSE 8080', `ENV VERSION=${version}`],
})

/** What `up` makes: the sandbox image, a shell to look around with, and a web server in two versions. */
export const definitions: readonly ImageDefinition[] = [
  { name: 'kubets/pause:1', files: { 'bin/pause': pause }, changes: ['CMD ["/bin/pause"]'] },
  { name: 'kubets/busybox:1', files: {}, changes: ['CMD ["/bin/sh"]'] },
  webImage('1'),
  webImage('2'),
]
