// The peer: a ServiceAccount and a Deployment an app with cdk8s-plus, written to files. node cdk8s.js N FOLDER
const { App, Chart } = require('cdk8s');
const { Deployment, EnvValue, ServiceAccount } = require('cdk8s-plus-33');

const app = new App({ outdir: process.argv[3] });
const chart = new Chart(app, 'shop', { namespace: 'shop' });
for (let i = 0; i < Number(process.argv[2]); i++) {
  const name = `app-${i}`;
  const serviceAccount = new ServiceAccount(chart, `account-${i}`, {
    metadata: { name, annotations: { 'azure.workload.identity/client-id': `client-${i}` } },
    automountToken: true,
  });
  new Deployment(chart, `deployment-${i}`, {
    metadata: { name },
    serviceAccount,
    podMetadata: { labels: { 'azure.workload.identity/use': 'true' } },
    containers: [{ name: 'api', image: 'api', envVariables: { INVOICES_CONTAINER: EnvValue.fromValue(name) } }],
  });
}
app.synth();
