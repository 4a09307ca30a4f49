// A real OpenID Connect provider on loopback, with two people whose groups a test can change.
// Usage: node provider.mjs REDIRECT_URI [id_token]
// With `id_token` all claims are in the ID token; without, they are asked for at the userinfo endpoint, as the standard has it.
// Prints its issuer as one line; ends with its standard input.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';

// Debian 12 has Node.js 18, which the provider no longer supports for the want of this alone.
URL.parse ??= (url, base) => {
  try { return new URL(url, base); } catch { return null; }
};
const { default: Provider } = await import('oidc-provider');

const [redirect, claimsIn] = process.argv.slice(2);

const people = {
  ada: { name: 'Ada Okafor', email: 'ada@example.com', groups: ['everybody', 'incident-leads'] },
  grace: { name: 'Grace Lindqvist', email: 'grace@example.com', groups: ['everybody'] },
};

const key = (kid, alg, kind, options) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig',
});

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const client = { redirect_uris: [redirect], grant_types: ['authorization_code'], response_types: ['code'] };
  const provider = new Provider(issuer, {
    clients: [
      // Characters that Basic authentication must encode.
      { ...client, client_id: 'firebell', client_secret: 'a secret: 100%+ safe' },
      {
        ...client, client_id: 'firebell-public', token_endpoint_auth_method: 'none',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    claims: {
      openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'], groups: ['groups'],
    },
    conformIdTokenClaims: claimsIn !== 'id_token',
    cookies: { keys: ['only for tests'] },
    findAccount: (_, id) => people[id] && {
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, email_verified: true, ...people[id] }),
    },
    jwks: {
      keys: [key('rsa', 'RS256', 'rsa', { modulusLength: 2048 }), key('ec', 'ES256', 'ec', { namedCurve: 'P-256' })],
    },
    pkce: { required: () => true },
  });
  // PUT /test/people/ID {"groups": [...]} changes a person.
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const id = request.url.match(/^\/test\/people\/(\w+)$/)?.[1];
    if (!id) return answer(request, response);
    let body = '';
    request.on('data', (chunk) => { body += chunk; });
    request.on('end', () => {
      people[id] = { ...people[id], ...JSON.parse(body) };
      response.end();
    });
  });
  console.log(issuer);
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
