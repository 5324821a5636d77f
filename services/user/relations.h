#ifndef USER_RELATIONS_H
#define USER_RELATIONS_H

#include "base/error.h"
#include "record/record.h"

/* What two people are to each other: one document per pair in the collection `relations`. So every
 * change of it is one conditional update, and no two documents can contradict each other. Those who
 * have nothing between them have none. */

#define RELATIONS "relations"
#define PAIR_ID_MAX 96 /* two ids, a colon and the terminator */

#define RELATIONS_TOTAL_MAX 10000 /* counting goes no further: a bot may have more friends */

struct user_state;

struct relation {
    char *pair_id; /* "_id": "<user_a>:<user_b>" */
    char *rev;     /* another text after each change; NULL: not stored */
    char *user_a;  /* the smaller id of the two */
    char *user_b;
    struct strings friends; /* both of them while they are friends, else nobody */
    int64_t friends_since;
    char *remark_a; /* what a calls b */
    char *remark_b;
    char *request_id; /* of the request that waits, or of the one that made them friends */
    char *requester;  /* while it waits */
    char *recipient;
    char *greeting;
    int64_t requested_at;
    int64_t rejected_a; /* when a's request was rejected, or 0 */
    int64_t rejected_b;
    struct strings blockers; /* who of them blocks the other */
};
extern const struct record relation_record;
DEFINE_RECORD_CLEANUP(struct relation, relation)

/* The other one of the pair; points into relation. */
const char *relation_other(const struct relation *relation, const char *user_id);
bool relation_is_friends(const struct relation *relation);
bool relation_is_blocked_by(const struct relation *relation, const char *user_id);

/* ---- Looking (any thread) */

/* The indexes. */
MUST_CHECK enum status relations_prepare(struct user_state *user, struct error *err);

/* ret[i]: user_ids->items[i] is a friend of viewer_id. One query. */
MUST_CHECK enum status relations_friends_among(struct user_state *user, const char *viewer_id,
                                               const struct strings *user_ids, bool *ret,
                                               struct error *err);

/* ret[i]: user_ids->items[i] has blocked viewer_id. One query. */
MUST_CHECK enum status relations_blocked_by(struct user_state *user, const char *viewer_id,
                                            const struct strings *user_ids, bool *ret,
                                            struct error *err);

/* Append the relations of all friends of any of user_ids to *ret, a list of struct relation that
 * the caller clears. One query. */
MUST_CHECK enum status relations_of_friends(struct user_state *user, const struct strings *user_ids,
                                            struct list *ret, struct error *err);

/* Append those of these pairs (ids as above) that have a document, sorted by pair_id. */
MUST_CHECK enum status relations_find(struct user_state *user, const struct strings *pair_ids,
                                      struct list *ret, struct error *err);

/* The one of the two in such a list, or NULL. */
const struct relation *relations_get(const struct list *relations, const char *user_id,
                                     const char *other_id);

/* The profiles of those who stand in relations to user_id, for profiles_get(). */
MUST_CHECK enum status relations_find_others(struct user_state *user, const struct list *relations,
                                             const char *user_id, struct list *ret,
                                             struct error *err);

/* A page of relations goes on after a pair_id of one's own; NULL or "": from the first. INVALID. */
MUST_CHECK enum status relations_check_cursor(const char *cursor, const char *user_id,
                                              struct error *err);

/* Cut a page that was read with one more than limit; the pair_id of the last that is left, when
 * there was one more, else NULL. The caller frees it. */
char *relations_cut(struct list *relations, size_t limit);

void relations_clear(struct list *relations);
static inline void relations_clear_at(struct list *relations)
{
    relations_clear(relations);
}

/* "<a>:<b>" with the ids sorted. PAIR_ID_MAX bytes; longer ids than ours are cut. */
void pair_id_of(const char *user_id, const char *other_id, char *ret);

#endif
