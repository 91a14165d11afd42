import { expect } from 'vitest'
import { until } from '../../harness/until.ts'
import { configMap, type Case, type Kubectl } from './versions.ts'

interface ConfigMap {
  readonly metadata: {
    readonly uid: string
    readonly labels?: Record<string, string>
    readonly annotations?: Record<string, string>
    readonly managedFields?: readonly { manager: string; operation: string }[]
  }
  readonly data?: Record<string, string>
}

const read = (kubectl: Kubectl, name: string): Promise<ConfigMap> => kubectl.get<ConfigMap>(['configmap', name])
const create = (kubectl: Kubectl, name: string, data: object, labels?: object): Promise<string> =>
  kubectl.run(['create', '-f', '-'], { input: configMap(name, data, labels) })

/** A Deployment of no replicas: what its Pods look like matters, not that they run. */
export const idleDeployment = (name: string, container: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'kubets/web:1', ...container }] },
    },
  },
})

/** Objects are made, changed in every way there is, and deleted. */
export const objectCases: readonly Case[] = [
  {
    name: 'create makes an object once, from a file or from words',
    run: async (kubectl) => {
      expect(await create(kubectl, 'made', { a: '1' })).toBe('configmap/made created\n')
      const again = await kubectl.try(['create', '-f', '-'], { input: configMap('made', {}) })
      expect(again.stderr).toContain('Error from server (AlreadyExists)')
      expect(again.stderr).toContain('configmaps "made" already exists')
      await kubectl.run(['create', 'configmap', 'words', '--from-literal=b=2'])
      expect((await read(kubectl, 'words')).data).toEqual({ b: '2' })
      const dry = ['create', 'configmap', 'dry', '--from-literal=b=2', '--dry-run=server']
      expect(await kubectl.run(dry)).toBe('configmap/dry created (server dry run)\n')
      expect((await kubectl.try(['get', 'configmap', 'dry'])).stderr).toContain('configmaps "dry" not found')
    },
  },
  {
    name: 'create knows its own words for many kinds',
    run: async (kubectl) => {
      for (const [kind, ...args] of [
        ['secret', 'generic', 'of-words', '--from-literal=a=b'],
        ['secret', 'docker-registry', 'pulls', '--docker-username=u', '--docker-password=p', '--docker-server=s'],
        ['serviceaccount', 'of-words'],
        ['role', 'of-words', '--verb=get', '--resource=pods'],
        ['rolebinding', 'of-words', '--role=of-words', '--user=jane'],
        ['quota', 'of-words', '--hard=pods=1000'],
        ['ingress', 'of-words', '--rule=host.example/path=of-words:80'],
        ['service', 'externalname', 'of-words', '--external-name=host.example'],
        ['service', 'clusterip', 'of-words-2', '--tcp=80:8080'],
        ['priorityclass', 'of-words', '--value=3', '--dry-run=server'],
        ['clusterrole', 'of-words', '--verb=get', '--resource=nodes', '--dry-run=server'],
      ] as const)
        expect(await kubectl.run(['create', kind, ...args]), `create ${kind}`).toMatch(/ created/)
      const secret = await kubectl.run(['get', 'secret', 'of-words', '-o', 'jsonpath={.data.a}'])
      expect(secret).toBe('Yg==')
      await kubectl.run(['set', 'subject', 'rolebinding', 'of-words', '--user=joe'])
      const names = await kubectl.run(['get', 'rolebinding', 'of-words', '-o', 'jsonpath={.subjects[*].name}'])
      expect(names).toBe('jane joe')
    },
  },
  {
    name: 'create token, cronjob and poddisruptionbudget',
    since: 24, // before, there was no token, and the other two were made as betas of their kinds
    run: async (kubectl) => {
      const claims = (await kubectl.run(['create', 'token', 'default', '--duration=10m'])).split('.')[1] ?? ''
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
        sub: `system:serviceaccount:${kubectl.namespace}:default`,
      })
      await kubectl.run([
        'create',
        'cronjob',
        'yearly',
        '--image=kubets/busybox:1',
        '--schedule=0 0 1 1 *',
        '--',
        'true',
      ])
      expect(await kubectl.run(['create', 'job', 'now', '--from=cronjob/yearly'])).toBe('job.batch/now created\n')
      await kubectl.run(['create', 'poddisruptionbudget', 'one', '--selector=app=none', '--min-available=1'])
      await kubectl.run(['delete', 'job/now', 'pdb/one'])
      await kubectl.run(['delete', 'cronjob/yearly'])
    },
  },
  {
    name: 'apply creates, finds nothing to do, changes, and removes what is no longer said',
    run: async (kubectl) => {
      const apply = (data: object): Promise<string> =>
        kubectl.run(['apply', '-f', '-'], { input: configMap('applied', data) })
      expect(await apply({ a: '1' })).toBe('configmap/applied created\n')
      expect(await apply({ a: '1' })).toBe('configmap/applied unchanged\n')
      await kubectl.run(['patch', 'configmap', 'applied', '-p', '{"data":{"other":"x"}}'])
      expect(await apply({ b: '2' })).toBe('configmap/applied configured\n')
      expect((await read(kubectl, 'applied')).data).toEqual({ b: '2', other: 'x' })
      expect(await kubectl.run(['apply', 'view-last-applied', 'configmap/applied'])).toMatch(/^data:\n {2}b: "2"$/m)
      const created = await create(kubectl, 'plain', { a: '1' })
      expect(created).toBe('configmap/plain created\n')
      const { stderr } = await kubectl.try(['apply', '-f', '-'], { input: configMap('plain', { a: '2' }) })
      expect(stderr).toContain('is missing the kubectl.kubernetes.io/last-applied-configuration annotation')
    },
  },
  {
    name: 'apply merges lists by their keys',
    run: async (kubectl) => {
      const apply = (env: object): Promise<string> =>
        kubectl.run(['apply', '-f', '-'], { input: idleDeployment('merged', { env }) })
      await apply([
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ])
      await kubectl.run(['set', 'env', 'deployment/merged', 'C=3'])
      await apply([{ name: 'B', value: '4' }])
      const env = 'jsonpath={range .spec.template.spec.containers[0].env[*]}{.name}={.value} {end}'
      expect((await kubectl.run(['get', 'deployment', 'merged', '-o', env])).split(' ').toSorted()).toEqual([
        '',
        'B=4',
        'C=3',
      ])
    },
  },
  {
    name: 'apply --prune deletes what is left out',
    since: 26, // the list of kinds by name
    run: async (kubectl) => {
      const labels = { pruned: 'yes' }
      await kubectl.run(['apply', '-f', '-'], { input: configMap('goes', {}, labels) })
      const args = ['apply', '--prune', '--prune-allowlist=core/v1/ConfigMap', '-l', 'pruned=yes', '-f', '-']
      expect(await kubectl.run(args, { input: configMap('stays', {}, labels) })).toBe(
        'configmap/stays created\nconfigmap/goes pruned\n',
      )
    },
  },
  {
    name: 'apply --server-side owns fields, and says who else does',
    run: async (kubectl) => {
      const apply = (manager: string, data: object, ...more: string[]) =>
        kubectl.try(['apply', '--server-side', `--field-manager=${manager}`, ...more, '-f', '-'], {
          input: configMap('owned', data),
        })
      expect((await apply('one', { a: '1', b: '1' })).stdout).toBe('configmap/owned serverside-applied\n')
      const refused = await apply('two', { a: '2' })
      expect(refused.code).toBe(1)
      expect(refused.stderr).toContain('Apply failed with 1 conflict: conflict with "one": .data.a')
      expect((await apply('two', { a: '2' }, '--force-conflicts')).code).toBe(0)
      expect((await apply('one', { b: '1' })).code).toBe(0)
      expect((await read(kubectl, 'owned')).data).toEqual({ a: '2', b: '1' })
      expect((await apply('one', { c: '1' })).code).toBe(0)
      expect((await read(kubectl, 'owned')).data).toEqual({ a: '2', c: '1' })
    },
  },
  {
    name: 'diff shows what apply would change, and changes nothing',
    run: async (kubectl) => {
      const manifest = (value: string): object => configMap('compared', { a: value })
      await kubectl.run(['apply', '-f', '-'], { input: manifest('1') })
      expect(await kubectl.try(['diff', '-f', '-'], { input: manifest('1') })).toMatchObject({ code: 0, stdout: '' })
      const { code, stdout } = await kubectl.try(['diff', '-f', '-'], { input: manifest('2') })
      expect(code).toBe(1)
      expect(stdout).toMatch(/^- {2}a: "1"$/m)
      expect(stdout).toMatch(/^\+ {2}a: "2"$/m)
      const server = await kubectl.try(['diff', '--server-side', '--force-conflicts', '-f', '-'], {
        input: manifest('3'),
      })
      expect(server.stdout).toMatch(/^\+ {2}a: "3"$/m)
      expect((await read(kubectl, 'compared')).data).toEqual({ a: '1' })
    },
  },
  {
    name: 'edit changes an object through an editor',
    run: async (kubectl) => {
      await create(kubectl, 'edited', { text: 'four' })
      const edit = (editor: string) => kubectl.try(['edit', 'configmap', 'edited'], { env: { KUBE_EDITOR: editor } })
      expect((await edit('sed -i s/four/five/')).stdout).toBe('configmap/edited edited\n')
      expect((await read(kubectl, 'edited')).data).toEqual({ text: 'five' })
      expect((await edit('sed -i s/absent/other/')).stderr).toContain('no changes made')
      // what the server refuses comes back into the editor, and what was written stays in a file
      const refused = await edit('sed -i s/text:/te!xt:/')
      expect(refused.code).toBe(1)
      expect(refused.stderr).toContain('configmaps "edited" is invalid')
      expect((await read(kubectl, 'edited')).data).toEqual({ text: 'five' })
    },
  },
  {
    name: 'patch of three types',
    run: async (kubectl) => {
      await create(kubectl, 'patched', { a: '1', b: '2' })
      const patch = (type: string, body: unknown) =>
        kubectl.try(['patch', 'configmap', 'patched', `--type=${type}`, '-p', JSON.stringify(body)])
      expect((await patch('strategic', { data: { c: '3' } })).stdout).toBe('configmap/patched patched\n')
      await patch('merge', { data: { a: null } })
      await patch('json', [{ op: 'move', from: '/data/b', path: '/data/d' }])
      expect((await read(kubectl, 'patched')).data).toEqual({ c: '3', d: '2' })
      expect((await patch('merge', { data: { c: '3' } })).stdout).toBe('configmap/patched patched (no change)\n')
      expect((await patch('json', [{ op: 'remove', path: '/data/absent' }])).stderr).toContain('The request is invalid')
      const wrong = await patch('strategic', { data: { c: 3 } })
      expect(wrong.stderr).toContain('"map[data:map[c:3]]": cannot convert int64 to string')
    },
  },
  {
    name: 'replace, and replace --force makes another object',
    run: async (kubectl) => {
      await create(kubectl, 'replaced', { a: '1' })
      const before = await read(kubectl, 'replaced')
      const replace = (data: object, ...more: string[]) =>
        kubectl.run(['replace', ...more, '-f', '-'], { input: configMap('replaced', data) })
      expect(await replace({ b: '2' })).toBe('configmap/replaced replaced\n')
      expect(await read(kubectl, 'replaced')).toMatchObject({
        metadata: { uid: before.metadata.uid },
        data: { b: '2' },
      })
      expect(await replace({ c: '3' }, '--force')).toContain('configmap/replaced replaced\n')
      const after = await read(kubectl, 'replaced')
      expect(after.data).toEqual({ c: '3' })
      expect(after.metadata.uid).not.toBe(before.metadata.uid)
    },
  },
  {
    name: 'label and annotate',
    run: async (kubectl) => {
      await create(kubectl, 'labelled', {})
      const at = ['configmap', 'labelled']
      await kubectl.run(['label', ...at, 'tier=front'])
      expect((await kubectl.try(['label', ...at, 'tier=back'])).stderr).toContain("'tier' already has a value (front)")
      await kubectl.run(['label', ...at, 'tier=back', '--overwrite'])
      expect((await kubectl.try(['label', ...at, 'ba!d=x'])).stderr).toContain('Invalid value: "ba!d"')
      await kubectl.run(['annotate', ...at, 'note=a text, with more'])
      expect((await read(kubectl, 'labelled')).metadata).toMatchObject({
        labels: { tier: 'back' },
        annotations: { note: 'a text, with more' },
      })
      await kubectl.run(['label', ...at, 'tier-'])
      await kubectl.run(['annotate', ...at, 'note-'])
      const { metadata } = await read(kubectl, 'labelled')
      expect([metadata.labels, metadata.annotations]).toEqual([undefined, undefined])
    },
  },
  {
    name: 'set changes Pod templates and selectors',
    run: async (kubectl) => {
      await kubectl.run(['create', '-f', '-'], { input: idleDeployment('altered', {}) })
      await kubectl.run(['set', 'image', 'deployment/altered', 'main=kubets/web:2'])
      await kubectl.run(['set', 'env', 'deployment/altered', 'A=1'])
      await kubectl.run(['set', 'resources', 'deployment/altered', '--limits=cpu=100m', '--requests=cpu=50m'])
      await kubectl.run(['set', 'serviceaccount', 'deployment/altered', 'default'])
      expect(await kubectl.get(['deployment', 'altered'])).toMatchObject({
        metadata: { generation: 5 },
        spec: {
          template: {
            spec: {
              serviceAccountName: 'default',
              containers: [
                {
                  image: 'kubets/web:2',
                  env: [{ name: 'A', value: '1' }],
                  resources: { limits: { cpu: '100m' }, requests: { cpu: '50m' } },
                },
              ],
            },
          },
        },
      })
      expect(await kubectl.run(['set', 'env', 'deployment/altered', '--list'])).toContain('A=1')
      await kubectl.run(['expose', 'deployment', 'altered', '--port=80'])
      await kubectl.run(['set', 'selector', 'service', 'altered', 'app=other'])
      const selector = await kubectl.run(['get', 'service', 'altered', '-o', 'jsonpath={.spec.selector.app}'])
      expect(selector).toBe('other')
    },
  },
  {
    name: 'delete by name, file, selector and all of a kind',
    run: async (kubectl) => {
      for (const name of ['del-a', 'del-b', 'del-c', 'del-d']) await create(kubectl, name, {}, { of: 'del', name })
      const left = () => kubectl.run(['get', 'configmap', '-l', 'of=del', '-o', 'jsonpath={.items[*].metadata.name}'])
      expect(await kubectl.run(['delete', 'configmap', 'del-a'])).toMatch(/^configmap "del-a" deleted/)
      await kubectl.run(['delete', '-f', '-'], { input: configMap('del-b', {}) })
      expect(await left()).toBe('del-c del-d')
      await kubectl.run(['delete', 'configmap', '-l', 'name in (del-c)', '--wait=false'])
      expect(await left()).toBe('del-d')
      await kubectl.run(['delete', 'configmap', '--field-selector=metadata.name=del-d'])
      expect(await left()).toBe('')
      expect((await kubectl.try(['delete', 'configmap', 'del-a'])).stderr).toContain('configmaps "del-a" not found')
      expect(await kubectl.run(['delete', 'configmap', 'del-a', '--ignore-not-found'])).toBe('')
      await kubectl.run(['create', 'role', 'del', '--verb=get', '--resource=pods'])
      expect(await kubectl.run(['delete', 'leases.coordination.k8s.io', '--all'])).toBe('No resources found\n')
    },
  },
  {
    name: 'delete --cascade: background, foreground, orphan',
    run: async (kubectl) => {
      const sets = (name: string) => kubectl.run(['get', 'replicasets', '-l', `app=${name}`, '-o', 'name'])
      for (const mode of ['background', 'foreground', 'orphan']) {
        const name = `casc-${mode}`
        await kubectl.run(['create', '-f', '-'], { input: idleDeployment(name, {}) })
        await until(`the ReplicaSet of ${name}`, async () => ((await sets(name)) === '' ? undefined : true))
        await kubectl.run(['delete', 'deployment', name, `--cascade=${mode}`, '--timeout=100s'])
        if (mode === 'orphan') expect(await sets(name)).not.toBe('')
        else if (mode === 'foreground') expect(await sets(name)).toBe('')
        else await until(`no ReplicaSet of ${name}`, async () => ((await sets(name)) === '' ? true : undefined))
      }
      await kubectl.run(['delete', 'replicasets', '-l', 'app=casc-orphan'])
    },
  },
]
