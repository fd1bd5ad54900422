"""Parameter counts that the tests hold the network to."""

# encoder, memory, flow head, decoder as Table 1 breaks the vanilla network down, and the totals of
# Table 2
PARAMETERS = {
    "conv-1enc-1LSTM": (1_600, 679_320, 21_162, 1_569, 703_651),
    "conv-1enc-2LSTM": (1_600, 6_021_888, 58_506, 1_569, 6_083_563),
    "conv-2enc-1LSTM": (25_920, 1_204_480, 29_706, 25_889, 1_285_995),
    "conv-2enc-2LSTM": (25_920, 6_021_888, 58_506, 25_889, 6_132_203),
    "fc-2enc-1LSTM": (25_920, 16_779_264 + 33_568_768, 4_506, 25_889, 50_404_347),
    "fc-2enc-2LSTM": (25_920, 16_779_264 + 2 * 33_568_768, 4_506, 25_889, 83_973_115),
}
