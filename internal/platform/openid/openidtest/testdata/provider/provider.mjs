// An OpenID Connect provider for tests: it takes any client that registers and any account that /test/accounts describes, asks
// for a name and nothing else, and ends when its standard input does.
import { webcrypto } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

// Node 18, which Debian 12 has, lacks these two.
URL.parse ??= (address, base) => (URL.canParse(address, base) ? new URL(address, base) : null);
globalThis.crypto ??= webcrypto;

// Standard output is for the one line that says where it answers.
console.info = console.error;

const accounts = new Map();

async function bodyOf(request) {
	let text = "";
	for await (const part of request) text += part;
	return text;
}

function findAccount(ctx, id) {
	const account = accounts.get(id);
	return account && { accountId: id, claims: () => ({ sub: id, ...account.claims }) };
}

// Pages of its own: the usual ones fetch fonts from elsewhere.
function page(ctx, title, body) {
	ctx.type = "html";
	ctx.body = `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`;
}

// Whoever signs in agrees to what the client asks for.
async function loadExistingGrant(ctx) {
	const before = ctx.oidc.session.grantIdFor(ctx.oidc.client.clientId);
	if (before) return ctx.oidc.provider.Grant.find(before);
	const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
	grant.addOIDCScope("openid email profile groups");
	await grant.save();
	return grant;
}

const server = createServer();
server.listen(0, "127.0.0.1", () => {
	const issuer = `http://localhost:${server.address().port}`;
	const provider = new Provider(issuer, {
		claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "zoneinfo"], groups: ["groups"], acr: null, amr: null, auth_time: null, sid: null },
		scopes: ["openid", "email", "profile", "groups"],
		acrValues: ["urn:test:strong"],
		features: {
			devInteractions: { enabled: false },
			registration: { enabled: true },
			backchannelLogout: { enabled: true },
			rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => page(ctx, "Sign out?", `${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`), postLogoutSuccessSource: (ctx) => page(ctx, "Signed out", "") },
		},
		interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
		findAccount,
		loadExistingGrant,
		fetch: (url, options) => globalThis.fetch(url, { method: options.method, headers: options.headers, body: options.body }),
		cookies: { keys: ["for tests only"] },
		pkce: { required: () => true },
		ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 3600, Grant: 3600 },
	});
	provider.on("server_error", (ctx, error) => console.error("server error:", error.message));
	provider.on("backchannel.error", (ctx, error) => console.error("backchannel:", error.message));
	const answer = provider.callback();
	server.on("request", async (request, response) => {
		try {
			const { pathname } = new URL(request.url, issuer);
			if (pathname.startsWith("/test/accounts/")) {
				accounts.set(decodeURIComponent(pathname.slice("/test/accounts/".length)), JSON.parse(await bodyOf(request)));
				return response.end("{}");
			}
			if (!pathname.startsWith("/interaction/")) return answer(request, response);
			if (request.method === "GET") {
				response.setHeader("Content-Type", "text/html; charset=utf-8");
				return response.end(`<!doctype html><html lang="en"><title>Test provider</title><h1>Test provider</h1>
					<form method="post" action="${pathname}"><label>Who are you? <input name="login" autofocus></label><button>Go on</button></form></html>`);
			}
			const login = new URLSearchParams(await bodyOf(request)).get("login");
			const account = accounts.get(login);
			const result = account ? { login: { accountId: login, acr: account.acr, amr: account.amr } } : { error: "access_denied" };
			await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
		} catch (error) {
			console.error(error);
			response.statusCode = 500;
			response.end();
		}
	});
	console.log(`READY ${issuer}`);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
