/*
 * The page at /docs/: /openapi.json, rendered by Swagger UI. What is tried out there goes to this
 * origin with the cookie of whoever is logged in to the chat page.
 */

globalThis.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  validatorUrl: null, // it would ask a foreign origin
});
