#include "placeholder.h"

#include <string.h>

/* Small PNGs, a few hundred bytes each. */
#define PICTURE(name) \
    __asm__(".pushsection .rodata\n" \
            "placeholder_" #name ": .incbin \"services/message/placeholders/" #name ".png\"\n" \
            "placeholder_" #name "_end: .byte 0\n" \
            ".popsection"); \
    extern const char placeholder_##name[] __asm__("placeholder_" #name); \
    extern const char placeholder_##name##_end[] __asm__("placeholder_" #name "_end")

PICTURE(image);
PICTURE(voice);
PICTURE(video);
PICTURE(file);

static const struct placeholder placeholders[] = {
    {"image", placeholder_image, placeholder_image_end},
    {"voice", placeholder_voice, placeholder_voice_end},
    {"video", placeholder_video, placeholder_video_end},
    {"file", placeholder_file, placeholder_file_end},
};

const struct placeholder *placeholder_get(const char *kind)
{
    size_t i;

    for (i = 0; i + 1 < N_ELEMENTS(placeholders); i++)
        if (strcmp(placeholders[i].kind, kind) == 0)
            break;
    return &placeholders[i];
}
