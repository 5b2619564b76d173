/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run-data.h"
#include "gm-shade.h"
#include "gm-snapshot.h"

G_BEGIN_DECLS

typedef struct _GmBlocks GmBlocks;

GmBlocks     *gm_blocks_new         (void);
void          gm_blocks_free        (GmBlocks              *self);
void          gm_blocks_set_data    (GmBlocks              *self,
                                     GmRunData             *data);
guint         gm_blocks_get_slot    (GmBlocks              *self,
                                     const GmResultsRow    *row);
guint         gm_blocks_count_slots (GmBlocks              *self,
                                     const GmSnapshot      *snapshot);
gint64        gm_blocks_get_end     (const GmEventsAttempt *attempt);
void          gm_blocks_prepare     (GmBlocks              *self,
                                     const GmSnapshot      *snapshot,
                                     gint64                 from,
                                     gint64                 to,
                                     int                    width);
const guint8 *gm_blocks_get_line    (GmBlocks              *self,
                                     guint                  slot);

G_END_DECLS
