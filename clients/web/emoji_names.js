/** Completion of :names: to emoji, in the language of the page. */
import { useEffect, useState } from '/vendor/preact.js';
import { t } from '/texts.js';
import { findWord, OPTIONS_MAX } from '/completion.js';
import { emojiLanguage, loadEmoji, noteEmoji, searchEmoji } from '/emoji_data.js';

// Not after a letter or digit: 10:30 is a time, and https: no emoji.
const BEFORE = /^$|[\s\p{Script=Han}([]/u;
const NAME = /^[\p{L}\p{N}+][\p{L}\p{N}_+-]{0,30}$/u;
const SHORTEST = { en: 2, zh: 1 }; // characters until it is worth a look

/**
 * A source of completion (see completion.js). The names are fetched once a text may hold one.
 * @param {string} text
 */
export function useEmojiNames(text) {
  const [all, setAll] = useState([]);
  const language = emojiLanguage();
  const wanted = /:[\p{L}\p{N}+]/u.test(text);
  useEffect(() => {
    if (wanted) loadEmoji(language).then(setAll, () => {}); // no completion without the network
  }, [wanted, language]);
  return {
    name: ':',
    label: t('emoji_title'),
    find: (before) => {
      const found = findWord(before, ':', BEFORE, NAME);
      return found && [...found.query].length >= SHORTEST[language] ? found : null;
    },
    options: (query) => searchEmoji(all, query, OPTIONS_MAX)
      .map(({ unicode, label }) => ({ key: unicode, label, insert: `${unicode} `, icon: unicode })),
    on_choose: (option) => noteEmoji(option.key),
  };
}
