/*
 * The page at /docs/: /openapi.json, rendered by Swagger UI. What is tried out there goes to this
 * origin, with the cookie of whoever is logged in to the chat page.
 */

const dark = matchMedia('(prefers-color-scheme: dark)');
const showColours = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', showColours);
showColours();

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
