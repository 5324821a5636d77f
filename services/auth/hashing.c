#include "hashing.h"

enum status hashing_begin(struct hashing *hashing, struct error *err)
{
    enum status s = STATUS_OK;

    pthread_mutex_lock(&hashing->lock);
    if (hashing->waiting >= HASHING_WAITING_MAX) {
        s = error_set(err, STATUS_UNAVAILABLE, "too many are logging in just now: try again");
    } else {
        hashing->waiting++;
        while (hashing->running >= HASHING_SLOTS)
            pthread_cond_wait(&hashing->turn, &hashing->lock);
        hashing->waiting--;
        hashing->running++;
    }
    pthread_mutex_unlock(&hashing->lock);
    return s;
}

void hashing_end(struct hashing *hashing)
{
    pthread_mutex_lock(&hashing->lock);
    hashing->running--;
    pthread_cond_signal(&hashing->turn);
    pthread_mutex_unlock(&hashing->lock);
}
