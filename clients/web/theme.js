// A classic script in the head: the theme and the language stand before the first paint, so that
// nobody who chose dark sees a white flash. preferences.js keeps both from then on.
{
  let saved = {};
  try {
    saved = JSON.parse(localStorage.getItem('parley.preferences')) ?? {};
  } catch {
    // Storage is forbidden or holds something else: the system's choice is a good one.
  }
  if (saved.theme === 'light' || saved.theme === 'dark') document.documentElement.dataset.theme = saved.theme;
  const language = saved.language === 'en' || saved.language === 'zh' ? saved.language : navigator.language;
  document.documentElement.lang = language.startsWith('zh') ? 'zh' : 'en';
}
