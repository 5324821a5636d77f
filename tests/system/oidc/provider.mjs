// A real OpenID Connect provider (npm's oidc-provider) for tests/system/test_oauth.py, on loopback:
//
//     node provider.mjs PORT CLIENT_ID CLIENT_SECRET REDIRECT_URI KIND
//
// KIND rs256: the ID token is signed by RSA and says only who it is, the rest is at userinfo, the
// client authenticates by Basic. KIND es256: P-256, all claims in the ID token, the secret in the
// form. Any name logs in with any password, by the provider's own pages for development.
//
// SIGHUP gives it a new key, by rs256 under the same name; it answers with a line "rotated". It ends
// with its standard input.

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const [port, clientId, clientSecret, redirectUri, kind] = process.argv.slice(2);
const isRsa = kind === 'rs256';
const issuer = `http://127.0.0.1:${port}`;

function newKey() {
    const { privateKey } = isRsa
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { ...privateKey.export({ format: 'jwk' }), kid: isRsa ? 'always' : randomUUID(), use: 'sig' };
}

// What it remembers of people outlives a change of keys.
const remembered = new Map();
class Memory {
    constructor(name) { this.name = name; }
    key(id) { return `${this.name}:${id}`; }
    async upsert(id, payload) { remembered.set(this.key(id), payload); }
    async find(id) { return remembered.get(this.key(id)); }
    async findByUid(uid) {
        for (const [key, payload] of remembered) {
            if (key.startsWith(`${this.name}:`) && payload.uid === uid) return payload;
        }
        return undefined;
    }
    async consume(id) { remembered.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
    async destroy(id) { remembered.delete(this.key(id)); }
    async revokeByGrantId(grantId) {
        for (const [key, payload] of remembered) {
            if (payload.grantId === grantId) remembered.delete(key);
        }
    }
}

function newProvider() {
    return new Provider(issuer, {
        adapter: Memory,
        clients: [{
            client_id: clientId,
            client_secret: clientSecret,
            redirect_uris: [redirectUri],
            token_endpoint_auth_method: isRsa ? 'client_secret_basic' : 'client_secret_post',
            id_token_signed_response_alg: isRsa ? 'RS256' : 'ES256',
        }],
        clientAuthMethods: [isRsa ? 'client_secret_basic' : 'client_secret_post'],
        jwks: { keys: [newKey()] },
        cookies: { keys: ['not a secret'] },
        conformIdTokenClaims: isRsa,
        claims: { profile: ['preferred_username', 'name'], email: ['email'] },
        pkce: { methods: ['S256'], required: () => true },
        // A login "subject|username|name" says who it is; parts may be missing.
        findAccount: (_, id) => {
            const [sub, username, name] = id.split('|');
            return {
                accountId: id,
                claims: () => ({ sub, preferred_username: username, name }),
            };
        },
    });
}

let handle = newProvider().callback();
process.on('SIGHUP', () => {
    handle = newProvider().callback();
    console.log('rotated');
});
process.stdin.on('end', () => process.exit(0)).resume();
createServer((request, response) => handle(request, response))
    .listen(Number(port), '127.0.0.1', () => console.log('ready'));
