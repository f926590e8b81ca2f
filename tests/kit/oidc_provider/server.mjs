// A real OpenID provider for tests: ada, of the group platform, carol, of the group watchers, and bob,
// of none; any password.
// Reads one line of JSON from its input and says its issuer in one line. Ends with its input.
//   redirects  where it may send browsers back to
//   audience   what it gives JWT access tokens for, to those who ask for it as a resource
//   slim       false: groups and names stand in the ID token too, not only in userinfo
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import { Provider } from 'oidc-provider';

const PEOPLE = { ada: ['platform'], bob: [], carol: ['watchers'] };
const SECRET = 'the-secret-of-hub';

const lines = createInterface({ input: process.stdin });
const wanted = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
process.stdin.on('end', () => process.exit(0)).resume();

const jwk = (kind, options, more) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
  kid: randomBytes(8).toString('hex'),
  use: 'sig',
  ...more,
});
const claims = (id) => ({
  sub: id,
  preferred_username: id,
  name: `${id} of the tests`,
  email: `${id}@example.test`,
  email_verified: true,
  groups: PEOPLE[id],
});
const account = (id) =>
  Object.hasOwn(PEOPLE, id) ? { accountId: id, claims: async () => claims(id) } : undefined;
const client = (id, more) => ({
  client_id: id,
  redirect_uris: wanted.redirects,
  grant_types: ['authorization_code'],
  response_types: ['code'],
  ...more,
});

const server = createServer().listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      client('hub', { client_secret: SECRET }),
      client('hub-public', { token_endpoint_auth_method: 'none' }),
      client('hub-es256', { client_secret: SECRET, id_token_signed_response_alg: 'ES256' }),
    ],
    jwks: {
      keys: [
        jwk('rsa', { modulusLength: 2048 }, { alg: 'RS256' }),
        jwk('ec', { namedCurve: 'P-256' }, { alg: 'ES256' }),
      ],
    },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    conformIdTokenClaims: wanted.slim,
    claims: {
      openid: ['sub'],
      profile: ['preferred_username', 'name'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    pkce: { required: () => true },
    findAccount: (_, id) => account(id),
    extraTokenClaims: (_, token) => {
      const { preferred_username, groups } = claims(token.accountId);
      return { preferred_username, groups };
    },
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'openid',
          audience: wanted.audience,
          accessTokenFormat: 'jwt',
        }),
      },
    },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 600,
      Interaction: 600,
      Session: 3600,
    },
  });
  provider.on('server_error', (_, error) => process.stderr.write(`${error.stack}\n`));
  server.on('request', provider.callback());
  process.stdout.write(`${issuer}\n`);
});
